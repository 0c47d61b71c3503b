// SPDX-License-Identifier: MIT
// orrery attention TRACE: an exact tile of one head, recomputed from Q, K and the row log-sum-exp of the file.
#include <charconv>
#include <chrono>
#include <iostream>
#include <memory>

#include "app/verbs/verbs.h"
#include "core/tensorio/csv.h"
#include "core/tensorio/npy.h"
#include "core/trace/trace_reader.h"

namespace orrery::app {
namespace {

struct Options {
  std::string trace, rows, cols, out;
  std::int64_t layer = 0, head = 0;
};

constexpr std::int64_t kMaxCells = std::int64_t{1} << 28;

// "a:b", "a:", ":b", "a" or "" (whole), within [0, tokens].
Result<hooks::TileRange> parseRange(const std::string& text, std::int64_t tokens, const char* option) {
  const auto wrong = [&] {
    return badInput(std::string(option) + ": expected a:b with 0 <= a < b <= " + std::to_string(tokens) + ", found \"" +
                    text + "\"");
  };
  const auto number = [&](std::string_view part, std::int64_t empty) -> std::optional<std::int64_t> {
    if (part.empty()) return empty;
    std::int64_t value = 0;
    const auto [end, code] = std::from_chars(part.data(), part.data() + part.size(), value);
    if (code != std::errc() || end != part.data() + part.size()) return std::nullopt;
    return value;
  };
  const auto colon = text.find(':');
  const std::string_view view = text;
  const auto begin = number(view.substr(0, colon), 0);
  std::optional<std::int64_t> end = tokens;
  if (colon != std::string::npos)
    end = number(view.substr(colon + 1), tokens);
  else if (!text.empty() && begin)
    end = *begin + 1; // a single position
  if (!begin || !end || *begin < 0 || *begin >= *end || *end > tokens) return wrong();
  return hooks::TileRange{*begin, *end};
}

std::vector<double> rowSums(const std::vector<double>& tile, std::int64_t columns) {
  std::vector<double> sums(tile.size() / static_cast<std::size_t>(columns), 0.0);
  for (std::size_t i = 0; i < tile.size(); ++i) sums[i / static_cast<std::size_t>(columns)] += tile[i];
  return sums;
}

struct Tile {
  hooks::TileRange rows, cols;
  std::vector<double> cells; // [rows, cols]
  DType dtype = DType::F32;
  double seconds = 0;
};

Status writeTile(const Tile& tile, const std::string& out) {
  const Shape shape{tile.rows.size(), tile.cols.size()};
  const TensorView view = tile.dtype == DType::F64
                              ? viewOf(tile.cells, shape)
                              : viewOf(std::vector<float>(tile.cells.begin(), tile.cells.end()), shape);
  if (out.ends_with(".npy")) return tensorio::writeNpy(out, view);
  if (out.ends_with(".csv")) return tensorio::writeCsv(out, view);
  return badInput("--out: expected a name that ends in .npy or .csv", out);
}

Result<Tile> computeTile(const Options& options) {
  auto snapshot = trace::readTrace(options.trace);
  if (!snapshot) return snapshot.error();
  const auto& layers = (*snapshot)->attention;
  if (options.layer < 0 || options.layer >= static_cast<std::int64_t>(layers.size()))
    return badInput("--layer " + std::to_string(options.layer) + ": the file has attention of " +
                        std::to_string(layers.size()) + " layers",
                    options.trace);
  const hooks::AttentionRecord& record = layers[static_cast<std::size_t>(options.layer)];
  auto rows = parseRange(options.rows, record.tokens, "--rows");
  if (!rows) return rows.error();
  auto cols = parseRange(options.cols, record.tokens, "--cols");
  if (!cols) return cols.error();
  if (rows->size() * cols->size() > kMaxCells)
    return tooLarge("a tile of " + std::to_string(rows->size()) + " x " + std::to_string(cols->size()) +
                    " cells; at most " + std::to_string(kMaxCells) + " at a time");
  const auto start = std::chrono::steady_clock::now();
  auto tile = hooks::attentionTile64(record, options.head, *rows, *cols);
  if (!tile) return tile.error();
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  return Tile{*rows, *cols, std::move(*tile), (*snapshot)->info->dtype, seconds};
}

void printTile(const Tile& tile, const std::vector<double>& sums, bool withCells) {
  const std::int64_t columns = tile.cols.size();
  for (std::int64_t r = 0; r < tile.rows.size(); ++r) {
    std::cout << "row " << tile.rows.begin + r << " sum " << sums[static_cast<std::size_t>(r)] << ':';
    for (std::int64_t c = 0; withCells && c < columns; ++c)
      std::cout << ' ' << tile.cells[static_cast<std::size_t>(r * columns + c)];
    std::cout << '\n';
  }
}

OrderedJson tileJson(const Tile& tile, const std::vector<double>& sums, const Options& options) {
  OrderedJson json = {{"layer", options.layer},
                      {"head", options.head},
                      {"rows", {tile.rows.begin, tile.rows.end}},
                      {"cols", {tile.cols.begin, tile.cols.end}},
                      {"row_sums", sums},
                      {"seconds", tile.seconds},
                      {"out", options.out}};
  if (!options.out.empty()) return json;
  json["tile"] = OrderedJson::array();
  for (auto row = tile.cells.begin(); row != tile.cells.end(); row += tile.cols.size())
    json["tile"].push_back(std::vector<double>(row, row + tile.cols.size()));
  return json;
}

Status run(const Options& options, const Common& common) {
  auto tile = computeTile(options);
  if (!tile) return tile.error();
  const std::vector<double> sums = rowSums(tile->cells, tile->cols.size());
  if (!options.out.empty())
    if (Status written = writeTile(*tile, options.out); !written) return written;
  if (common.json)
    printJson(tileJson(*tile, sums, options));
  else
    printTile(*tile, sums, options.out.empty());
  return Done{};
}

} // namespace

void declareAttention(CommandLine& line) {
  auto options = std::make_shared<Options>();
  CLI::App* verb = line.verb("attention", "An exact tile of one head of a trace",
                             [options, &line] { return run(*options, line.common); });
  verb->add_option("TRACE", options->trace, "Trace file")->required();
  verb->add_option("--layer", options->layer, "Layer, from 0");
  verb->add_option("--head", options->head, "Head, from 0");
  verb->add_option("--rows", options->rows, "Query positions a:b (default: all)");
  verb->add_option("--cols", options->cols, "Key positions c:d (default: all)");
  verb->add_option("--out", options->out, "Write the tile as .npy or .csv");
}

} // namespace orrery::app
