// SPDX-License-Identifier: MIT
// "kv-bytes": how large the cache is, what integers would save, and the error that they make on this very text.
#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

#include "core/analysis/kv_storage.h"
#include "views/built_in.h"
#include "views/kv_data.h"
#include "views/scene/text_metrics.h"
#include "views/scene/ticks.h"

namespace orrery::views {
namespace {

using analysis::CacheFormat;

constexpr std::int64_t kMostTokens = 1024, kQueries = 32;

class KvBytesView final : public BuiltInView {
public:
  KvBytesView() : BuiltInView({"kv-bytes", "KV cache bytes", "trace", {titleParameter()}}) {}
  Result<Built> build(const Request& request, std::stop_token stop) const override;
};

struct Row {
  std::string name;
  double bytes = 0;
  double keyError = 0, valueError = 0, outputError = 0; // relative; NaN: not known
};

std::string amount(double bytes) {
  constexpr std::array kUnits = {"B", "kB", "MB", "GB", "TB"};
  std::size_t unit = 0;
  while (bytes >= 1000 && unit + 1 < kUnits.size()) bytes /= 1000, ++unit;
  return scene::numberText(bytes, 3) + " " + kUnits[unit];
}

std::string sharing(const hooks::AttentionRecord& record) {
  const std::string heads = std::to_string(record.heads) + " query heads on " + std::to_string(record.kvHeads);
  if (record.kvHeads == record.heads) return "MHA, " + heads;
  const std::string part = ": 1/" + std::to_string(record.heads / record.kvHeads) + " of MHA";
  return (record.kvHeads == 1 ? "MQA, " : "GQA, ") + heads + part;
}

// Numbers in K and V of all layers for T tokens; a layer with a window keeps no more than the window.
double numbersOf(const std::vector<KvPlace>& places) {
  double count = 0;
  for (const KvPlace& place : places) {
    const auto& record = *place.attention.record;
    const std::int64_t kept =
        record.window > 0 ? std::min(record.window, place.attention.tokens) : place.attention.tokens;
    count += 2 * static_cast<double>(kept * record.headDim);
  }
  return count;
}

double bytesWith(const std::vector<KvPlace>& places, const CacheFormat& format) {
  double bytes = 0;
  for (const KvPlace& place : places) {
    const auto& record = *place.attention.record;
    const std::int64_t kept =
        record.window > 0 ? std::min(record.window, place.attention.tokens) : place.attention.tokens;
    bytes += 2 * static_cast<double>(analysis::bytesOf(format, kept, record.headDim));
  }
  return bytes;
}

// Relative error over all layers and heads; NaN if the state is not known.
Result<double> errorOf(const std::vector<KvPlace>& places, hooks::KvState state, const CacheFormat& format,
                       const std::stop_token& stop) {
  double off = 0, all = 0;
  for (const KvPlace& place : places) {
    if (stop.stop_requested()) return cancelled();
    auto vectors = kvVectors(place.attention, state, place.head, kMostTokens);
    if (!vectors) return std::nan("");
    const std::vector<double> stored = analysis::throughFormat(format, vectors->rows());
    for (std::size_t i = 0; i < stored.size(); ++i) {
      off += (stored[i] - vectors->values[i]) * (stored[i] - vectors->values[i]);
      all += vectors->values[i] * vectors->values[i];
    }
  }
  return off == 0 ? 0 : std::sqrt(off / all);
}

Result<std::vector<Row>> rowsOf(const std::vector<KvPlace>& places, const LayerAttention& layer,
                                const std::stop_token& stop) {
  const bool exact = layer.record->k.dtype == DType::F64;
  std::vector<Row> rows{{exact ? "float64 (this run)" : "float32 (this run)", numbersOf(places) * (exact ? 8 : 4)},
                        {"float16", numbersOf(places) * 2, std::nan(""), std::nan(""), std::nan("")}};
  for (const CacheFormat& format : analysis::kCacheFormats) {
    auto keys = errorOf(places, hooks::KvState::KeyAfterRope, format, stop);
    auto values = errorOf(places, hooks::KvState::Value, format, stop);
    const std::int64_t tokens = std::min(layer.tokens, kMostTokens);
    auto output = analysis::attentionOutputError(*layer.record, tokens, format, kQueries, stop);
    if (!keys) return keys.error();
    if (!values) return values.error();
    if (!output && output.error().code == Code::Cancelled) return output.error();
    rows.push_back({format.name, bytesWith(places, format), *keys, *values, output ? *output : std::nan("")});
  }
  return rows;
}

std::string percent(double share) { return std::isfinite(share) ? scene::numberText(100 * share, 3) + " %" : "–"; }

std::vector<std::string> cellsOf(const Row& row, double half) {
  return {row.name,
          amount(row.bytes),
          percent(row.bytes / half),
          percent(row.keyError),
          percent(row.valueError),
          percent(row.outputError)};
}

void addTable(Figure& figure, double top, const std::vector<std::vector<std::string>>& table) {
  const auto& theme = figure.theme;
  const double size = theme.denseSize, line = 1.5 * scene::lineHeight(size), pad = 0.8 * size;
  const std::size_t columns = table.front().size();
  std::vector<double> widths(columns);
  for (const auto& row : table)
    for (std::size_t c = 0; c < columns; ++c) widths[c] = std::max(widths[c], scene::textWidth(row[c], size));
  const double spare = figure.width() - 2 * pad - std::accumulate(widths.begin(), widths.end(), 0.0);
  const double gap = std::clamp(spare / static_cast<double>(columns - 1), 0.8 * size, 1.6 * size);
  double x = pad;
  for (std::size_t c = 0; c < columns; ++c) {
    const double width = widths[c];
    if (x + width > figure.width() - pad) return; // columns that have no room are left out
    for (std::size_t r = 0; r < table.size(); ++r) {
      const double y = top + (static_cast<double>(r) + 0.5) * line;
      if (y + line / 2 > figure.height()) break;
      const scene::Color color = r == 0 ? theme.secondary : theme.text;
      if (c == 0)
        figure.text({x, y}, table[r][c], size, color);
      else
        figure.text({x + width, y}, table[r][c], size, color, scene::Align::Right);
    }
    x += width + gap;
  }
}

Result<Built> KvBytesView::build(const Request& request, std::stop_token stop) const {
  auto places = kvPlaces(request);
  if (!places) return places.error();
  auto layer = layerAttention(request, request.selection.layer);
  if (!layer) return layer.error();
  auto rows = rowsOf(*places, *layer, stop);
  if (!rows) return rows.error();
  const std::string layerText = std::to_string(request.selection.layer);
  std::vector<std::vector<std::string>> table{{"stored as", "bytes", "of float16", "error of K", "of V", "of output"}};
  for (const Row& row : *rows) table.push_back(cellsOf(row, (*rows)[1].bytes));
  Figure figure(request);
  const double size = figure.theme.denseSize, line = scene::lineHeight(size), pad = 0.8 * size;
  const double room = figure.width() - 2 * pad;
  double top = pad;
  if (showsTitle(request)) {
    figure.heading("Bytes of the cache · " + std::to_string(shownTokens(request)) + " tokens", pad, top + line / 2,
                   room);
    top += 1.6 * line;
  }
  const std::string perToken =
      amount(numbersOf(*places) * 2 / static_cast<double>(layer->tokens)) + " a token in float16";
  figure.text({pad, top + line / 2},
              firstFitting({sharing(*layer->record) + " · " + perToken + " · output: attention of layer " + layerText,
                            sharing(*layer->record) + " · " + perToken, sharing(*layer->record)},
                           room, size),
              size, figure.theme.secondary);
  top += line + pad;
  addTable(figure, top, table);
  Built built;
  built.id = request.id;
  std::vector<double> numbers;
  std::vector<std::string> names;
  for (const Row& row : *rows) {
    names.push_back(row.name);
    numbers.insert(numbers.end(), {row.bytes, row.keyError, row.valueError, row.outputError});
  }
  const auto count = static_cast<std::int64_t>(rows->size());
  built.data.push_back({"cache",
                        "bytes; relative errors",
                        viewOf(std::move(numbers), {count, 4}),
                        std::move(names),
                        {"bytes", "error of keys", "error of values", "error of attention, layer " + layerText}});
  built.caption = captionStart(request, -1, -1, shownTokens(request)) + " Size of the key/value cache (" +
                  sharing(*layer->record) +
                  ") and relative errors (Frobenius) of keys, values and the attention output of layer " + layerText +
                  " when both are stored as integers with float16 scales.";
  built.scene = std::move(figure.scene);
  scene::finish(built.scene);
  return built;
}

} // namespace

std::unique_ptr<View> makeKvBytesView(const Shared&) { return std::make_unique<KvBytesView>(); }

} // namespace orrery::views
