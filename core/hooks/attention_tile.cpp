// SPDX-License-Identifier: MIT
#include "core/hooks/attention_kernel.h"
#include "core/hooks/attention_record.h"
#include "core/hooks/pooling.h"

#include <algorithm>
#include <cmath>
#include <span>

namespace orrery::hooks {
namespace {

constexpr std::int64_t kMaxTileCells = std::int64_t{1} << 30; // 4 GiB of float: nobody looks at more at once
constexpr std::int64_t kStripRows = 64, kStripCols = 2048;    // 512 KiB of float

std::string rangeText(TileRange range) {
  return std::string("[") + std::to_string(range.begin) + ", " + std::to_string(range.end) + ")";
}

Status checkRange(const char* what, TileRange range, std::int64_t tokens) {
  if (range.begin >= 0 && range.begin <= range.end && range.end <= tokens) return Done{};
  return badInput(std::string("attention tile: ") + what + " " + rangeText(range) + " lie outside [0, " +
                  std::to_string(tokens) + ")");
}

Status checkTile(const AttentionRecord& record, std::int64_t head, TileRange rows, TileRange cols) {
  if (Status status = checkRecord(record, head); !status) return status;
  if (Status status = checkRange("rows", rows, record.tokens); !status) return status;
  return checkRange("columns", cols, record.tokens);
}

Status checkCells(TileRange rows, TileRange cols) {
  if (rows.size() == 0 || cols.size() <= kMaxTileCells / rows.size()) return Done{};
  return tooLarge("attention tile of " + std::to_string(rows.size()) + " x " + std::to_string(cols.size()) +
                  " cells, at most " + std::to_string(kMaxTileCells) + " are computed at once");
}

template <class T> const T* at(const TensorView& view, std::int64_t first, std::int64_t second) {
  return view.as<T>() + first * view.strides[0] + second * view.strides[1];
}

// [rows] of lse, in the dtype of the arithmetic
template <class T> std::vector<T> rowLse(const AttentionRecord& record, std::int64_t head, TileRange rows) {
  std::vector<T> lse(static_cast<std::size_t>(rows.size()));
  for (std::int64_t i = 0; i < rows.size(); ++i)
    lse[static_cast<std::size_t>(i)] =
        static_cast<T>(elementAt(record.lse, head * record.lse.strides[0] + (rows.begin + i) * record.lse.strides[1]));
  return lse;
}

template <class T>
void computeTile(const AttentionRecord& record, std::int64_t head, TileRange rows, TileRange cols, bool scores,
                 T* out) {
  if (rows.size() == 0 || cols.size() == 0) return;
  const std::vector<T> lse = scores ? std::vector<T>{} : rowLse<T>(record, head, rows);
  TileJob<T> job;
  job.q = at<T>(record.q, head, rows.begin);
  job.qRow = record.q.strides[1];
  job.qColumn = record.q.strides[2];
  job.k = at<T>(record.k, record.kvHead(head), cols.begin);
  job.kRow = record.k.strides[1];
  job.kColumn = record.k.strides[2];
  job.lse = scores ? nullptr : lse.data();
  job.headDim = record.headDim;
  job.rowBegin = rows.begin;
  job.rows = rows.size();
  job.colBegin = cols.begin;
  job.cols = cols.size();
  job.scale = static_cast<T>(record.scale);
  job.softcap = static_cast<T>(record.softcap);
  job.window = record.window;
  job.out = out;
  runTile(job);
}

// The tile computed in the dtype of the run, then converted to Out.
template <class Out>
Result<std::vector<Out>> tileAs(const AttentionRecord& record, std::int64_t head, TileRange rows, TileRange cols,
                                bool scores) {
  if (Status status = checkTile(record, head, rows, cols); !status) return status.error();
  if (Status status = checkCells(rows, cols); !status) return status.error();
  const auto cells = static_cast<std::size_t>(rows.size() * cols.size());
  const auto compute = [&]<class T>(T) {
    std::vector<T> out(cells);
    computeTile<T>(record, head, rows, cols, scores, out.data());
    if constexpr (std::is_same_v<T, Out>) return out;
    return std::vector<Out>(out.begin(), out.end());
  };
  return record.q.dtype == DType::F32 ? compute(float{}) : compute(double{});
}

template <class T> struct Strip {
  TileRange rows, cols;
  std::span<const T> values; // [rows, cols]
};

template <class T>
void poolStrip(const Strip<T>& strip, TileRange rows, TileRange cols, std::int64_t cell, double* sum, float* max) {
  const std::int64_t side = (cols.size() + cell - 1) / cell;
  for (std::int64_t i = 0; i < strip.rows.size(); ++i) {
    const std::int64_t row = (strip.rows.begin + i - rows.begin) / cell * side;
    const T* values = strip.values.data() + i * strip.cols.size();
    for (std::int64_t j = 0; j < strip.cols.size();) { // one run of keys per cell
      const std::int64_t column = (strip.cols.begin + j - cols.begin) / cell;
      const std::int64_t end = std::min(strip.cols.size(), cols.begin + (column + 1) * cell - strip.cols.begin);
      double total = 0;
      T top = 0;
      for (; j < end; ++j) {
        total += static_cast<double>(values[j]);
        top = std::max(top, values[j]);
      }
      sum[row + column] += total;
      max[row + column] = std::max(max[row + column], static_cast<float>(top));
    }
  }
}

template <class T>
void poolAs(const AttentionRecord& record, std::int64_t head, TileRange rows, TileRange cols, std::int64_t cell,
            double* sum, float* max) {
  std::vector<T> buffer;
  for (std::int64_t i = rows.begin; i < rows.end; i += kStripRows) {
    const TileRange part{i, std::min(i + kStripRows, rows.end)};
    // Keys at or after the last query of the strip are masked, and so are those before every window.
    const std::int64_t last = std::min(cols.end, part.end);
    const std::int64_t skip = record.window > 0 ? std::max(part.begin - record.window + 1, cols.begin) : cols.begin;
    for (std::int64_t j = skip; j < last; j += kStripCols) {
      const TileRange keys{j, std::min(j + kStripCols, last)};
      buffer.resize(static_cast<std::size_t>(part.size() * keys.size()));
      computeTile<T>(record, head, part, keys, false, buffer.data());
      poolStrip<T>({part, keys, buffer}, rows, cols, cell, sum, max);
    }
  }
}

Status checkView(const char* name, const TensorView& view, const Shape& least, bool sameDType) {
  const bool floating = view.dtype == DType::F32 || view.dtype == DType::F64;
  bool fits = floating && sameDType && view.shape.size() == least.size() && view.strides.size() == least.size();
  for (std::size_t i = 0; fits && i < least.size(); ++i)
    fits = i == 1 ? view.shape[i] >= least[i] : view.shape[i] == least[i];
  if (fits && (view.data != nullptr || elementCount(least) == 0)) return Done{};
  return badInput(std::string("attention record: ") + name + " has " + std::string(orrery::name(view.dtype)) + " " +
                  shapeText(view.shape) + ", expected " + shapeText(least) + " in F32 or F64 as the queries have it");
}

} // namespace

Status checkRecord(const AttentionRecord& record, std::int64_t head) {
  if (record.kind != "softmax")
    return unsupported("attention record: weights of kind " + record.kind + " are not a softmax of q.k");
  if (record.heads <= 0 || record.kvHeads <= 0 || record.heads % record.kvHeads != 0 || record.headDim <= 0 ||
      record.tokens < 0)
    return badInput("attention record: " + std::to_string(record.heads) + " heads on " +
                    std::to_string(record.kvHeads) + " key heads of size " + std::to_string(record.headDim) + " over " +
                    std::to_string(record.tokens) + " tokens do not fit together");
  if (head < 0 || head >= record.heads)
    return badInput("attention tile: head " + std::to_string(head) + " of a layer with " +
                    std::to_string(record.heads) + " heads");
  if (Status s = checkView("q", record.q, {record.heads, record.tokens, record.headDim}, true); !s) return s;
  const bool same = record.k.dtype == record.q.dtype;
  if (Status s = checkView("k", record.k, {record.kvHeads, record.tokens, record.headDim}, same); !s) return s;
  return checkView("lse", record.lse, {record.heads, record.tokens}, true);
}

void poolInto(const AttentionRecord& record, std::int64_t head, TileRange rows, TileRange cols, std::int64_t cell,
              double* sum, float* max) {
  if (record.q.dtype == DType::F32)
    poolAs<float>(record, head, rows, cols, cell, sum, max);
  else
    poolAs<double>(record, head, rows, cols, cell, sum, max);
}

Result<std::vector<float>> attentionTile(const AttentionRecord& record, std::int64_t head, TileRange rows,
                                         TileRange cols) {
  return tileAs<float>(record, head, rows, cols, false);
}

Result<std::vector<double>> attentionTile64(const AttentionRecord& record, std::int64_t head, TileRange rows,
                                            TileRange cols) {
  return tileAs<double>(record, head, rows, cols, false);
}

Result<std::vector<float>> scoreTile(const AttentionRecord& record, std::int64_t head, TileRange rows, TileRange cols) {
  return tileAs<float>(record, head, rows, cols, true);
}

Result<std::vector<double>> dimensionProducts(const AttentionRecord& record, std::int64_t head, std::int64_t query,
                                              std::int64_t key) {
  if (Status s = checkTile(record, head, {query, query}, {key, key}); !s) return s.error();
  if (std::max(query, key) == record.tokens)
    return badInput("attention cell (" + std::to_string(query) + ", " + std::to_string(key) + ") of a text of " +
                    std::to_string(record.tokens) + " tokens");
  const Shape &qs = record.q.strides, &ks = record.k.strides;
  const std::int64_t qAt = head * qs[0] + query * qs[1], kAt = record.kvHead(head) * ks[0] + key * ks[1];
  std::vector<double> products(static_cast<std::size_t>(record.headDim));
  for (std::int64_t d = 0; d < record.headDim; ++d)
    products[static_cast<std::size_t>(d)] =
        record.scale * elementAt(record.q, qAt + d * qs[2]) * elementAt(record.k, kAt + d * ks[2]);
  return products;
}

Result<PooledTile> pooledTile(const AttentionRecord& record, std::int64_t head, TileRange rows, TileRange cols,
                              std::int64_t cell) {
  if (Status s = checkTile(record, head, rows, cols); !s) return s.error();
  if (cell <= 0) return badInput("pooled tile: a cell of " + std::to_string(cell) + " tokens, expected at least 1");
  cell = std::min(cell, std::max<std::int64_t>({rows.size(), cols.size(), 1})); // the same cells, no sum overflows
  PooledTile tile;
  tile.rows = rows.size() == 0 ? 0 : (rows.size() - 1) / cell + 1;
  tile.cols = cols.size() == 0 ? 0 : (cols.size() - 1) / cell + 1;
  if (Status s = checkCells({0, tile.rows}, {0, tile.cols}); !s) return s.error();
  const auto cells = static_cast<std::size_t>(tile.rows * tile.cols);
  std::vector<double> sum(cells);
  tile.max.resize(cells);
  poolInto(record, head, rows, cols, cell, sum.data(), tile.max.data());
  tile.mean.reserve(cells);
  for (std::int64_t r = 0; r < tile.rows; ++r)
    for (std::int64_t c = 0; c < tile.cols; ++c) {
      const std::int64_t pairs = std::min(cell, rows.size() - r * cell) * std::min(cell, cols.size() - c * cell);
      tile.mean.push_back(
          static_cast<float>(sum[static_cast<std::size_t>(r * tile.cols + c)] / static_cast<double>(pairs)));
    }
  return tile;
}

} // namespace orrery::hooks
