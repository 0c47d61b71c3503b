// SPDX-License-Identifier: MIT
// orrery dimension MAP.h5 or IMAGE.npy: the dimension of a boundary, with its interval, decades and verdict.
#include <algorithm>
#include <cstdio>
#include <iostream>
#include <memory>
#include <optional>

#include "app/verbs/dimension_pairs.h"
#include "app/verbs/verbs.h"
#include "core/analysis/binomial.h"
#include "core/analysis/scale_counts.h"
#include "core/analysis/verdict.h"
#include "core/base/share_interval.h"
#include "core/sweep/map_file.h"
#include "core/sweep/sample_cache.h"
#include "core/tensorio/npy.h"

namespace orrery::app {
namespace {

using analysis::BoundaryImage;
using analysis::ImageKind;

struct Options {
  std::string input, kind = "set", classBit = "trainable";
  std::vector<std::string> methods = {"box"};
  bool stableOnly = false;
  std::int64_t pairs = 0; // of new runs at each distance
  analysis::DimensionOptions how;
};

// What is to be measured, and what is known of it beyond its pixels.
struct Input {
  BoundaryImage image;
  std::optional<double> pitchUlp; // maps only, as all below
  sweep::MapCounts counts;
  std::int64_t audits = 0, failedAudits = 0, roundingDiffers = 0, roundingPixels = 0;
  bool isMap = false;
  std::optional<sweep::SweepSpec> spec;
  std::optional<sweep::Map> map;
};

Result<Input> readImage(const Options& options) {
  auto view = tensorio::readNpy(options.input, static_cast<std::size_t>(analysis::kMaxImagePixels) * 8);
  if (!view) return view.error();
  if (view->shape.size() != 2)
    return badInput("expected an image [height, width], found " + shapeText(view->shape), options.input);
  Input input;
  input.image.kind = options.kind == "label" ? ImageKind::Label : ImageKind::Set;
  input.image.height = view->shape[0];
  input.image.width = view->shape[1];
  const std::vector<double> values = toDoubles(*view);
  for (std::size_t i = 0; i < values.size(); ++i)
    if (values[i] != 0 && values[i] != 1)
      return badInput("pixel " + std::to_string(i) + ": expected 0 or 1, found " + std::to_string(values[i]),
                      options.input);
  input.image.value.assign(values.begin(), values.end());
  return input;
}

void addRounding(const sweep::Map& map, Input& input) {
  if (!map.rounding) return;
  const auto& second = map.rounding->second.state;
  input.roundingPixels = std::count(second.begin(), second.end(), sweep::kComputed);
  input.roundingDiffers = std::count(map.rounding->differs.begin(), map.rounding->differs.end(), 1);
}

std::optional<sweep::SweepSpec> specOf(const sweep::Map& map, const std::string& file) {
  auto json = parseJson(map.spec, file);
  if (!json) return std::nullopt;
  auto spec = sweep::parseSweepSpec(*json, file);
  return spec ? std::optional(*spec) : std::nullopt;
}

Result<Input> readMapInput(const Options& options) {
  auto map = sweep::readMap(options.input, {false, true});
  if (!map) return map.error();
  Input input;
  input.isMap = true;
  input.image = {ImageKind::Label, map->height(), map->width(), {}, {}};
  const std::uint8_t bit = options.classBit == "stable" ? sweep::kStable : sweep::kTrainable;
  for (std::size_t i = 0; i < map->size(); ++i) {
    const std::uint8_t label = map->pixels.classes[i];
    const bool differs = map->rounding && map->rounding->differs[i] != 0;
    input.image.value.push_back((label & bit) != 0);
    input.image.known.push_back(map->pixels.state[i] != sweep::kNone && !(options.stableOnly && differs));
  }
  if (options.stableOnly && !map->rounding)
    return badInput("--stable-only: the map has no second computation (sweep --rounding)", options.input);
  input.spec = specOf(*map, options.input);
  const DType dtype = input.spec ? input.spec->dtype : DType::F64; // float64 where the file does not say
  input.pitchUlp = std::min(sweep::pitchInUlp(map->x, dtype), sweep::pitchInUlp(map->y, dtype));
  input.image.complete = map->complete;
  input.counts = sweep::countStates(map->pixels.state);
  input.audits = map->audits;
  input.failedAudits = map->failedAudits;
  addRounding(*map, input);
  input.map = std::move(*map);
  return input;
}

std::vector<double> slopesOf(const analysis::DimensionEstimate& estimate) {
  std::vector<double> slopes;
  for (const analysis::LocalSlope& slope : estimate.localSlopes) slopes.push_back(slope.slope);
  return slopes;
}

OrderedJson estimateJson(const analysis::DimensionEstimate& estimate) {
  OrderedJson json = {
      {"method", estimate.method},   {"dimension", estimate.dimension}, {"low", estimate.low},
      {"high", estimate.high},       {"decades", estimate.decades},     {"smallest", estimate.smallest},
      {"largest", estimate.largest}, {"drift", estimate.drift},         {"local_slopes", slopesOf(estimate)}};
  json["local_slope_sides"] = OrderedJson::array();
  for (const analysis::LocalSlope& slope : estimate.localSlopes) json["local_slope_sides"].push_back(slope.side);
  return json;
}

OrderedJson reportJson(const analysis::DimensionReport& report) {
  OrderedJson json = estimateJson(report.estimate);
  json["neighbour_correlation"] = report.correlation.front().correlation;
  json["verdict"] = analysis::verdictName(report.judgement.verdict);
  json["reason"] = report.judgement.reason;
  json["null"] = report.null ? estimateJson(*report.null) : OrderedJson(nullptr);
  return json;
}

OrderedJson sharesJson(const analysis::DimensionReport& report) {
  OrderedJson lags = OrderedJson::array();
  for (const analysis::LagCorrelation& lag : report.correlation)
    lags.push_back({{"lag", lag.lag}, {"correlation", lag.correlation}, {"strongest", lag.strongest}});
  return {{"correlation_lags", lags},
          {"one_share", report.shares.one},
          {"edge_share", report.shares.edge},
          {"class_entropy", report.shares.entropy},
          {"box_entropy", report.shares.boxEntropy},
          {"edge_box_entropy", report.shares.edgeBoxEntropy}};
}

OrderedJson mapJson(const Input& input) {
  const ShareInterval audit = wilsonInterval(input.failedAudits, input.audits);
  OrderedJson json = {{"pitch_ulp", *input.pitchUlp},    {"computed", input.counts.computed},
                      {"guessed", input.counts.guessed}, {"missing", input.counts.none},
                      {"audits", input.audits},          {"audit_errors", input.failedAudits},
                      {"audit_error_low", audit.low},    {"audit_error_high", audit.high}};
  if (input.roundingPixels > 0)
    json["rounding_share"] = static_cast<double>(input.roundingDiffers) / static_cast<double>(input.roundingPixels);
  return json;
}

void printReport(const analysis::DimensionReport& report) {
  const analysis::DimensionEstimate& e = report.estimate;
  std::printf("%s: D = %.4f, interval %.4f to %.4f over %.2f decades (%.0f to %.0f pixels): %s\n", e.method.c_str(),
              e.dimension, e.low, e.high, e.decades, e.smallest, e.largest,
              analysis::verdictName(report.judgement.verdict));
  std::printf("  %s\n  local slopes", report.judgement.reason.c_str());
  for (const analysis::LocalSlope& slope : e.localSlopes) std::printf(" %.3f", slope.slope);
  std::printf("\n  neighbour correlation %.4f", report.correlation.front().correlation);
  if (report.null)
    std::printf(", random pixels with the same share: %.4f to %.4f", report.null->low, report.null->high);
  std::printf("\n");
}

void printMap(const Input& input) {
  const ShareInterval audit = wilsonInterval(input.failedAudits, input.audits);
  std::printf("pixels: %lld computed, %lld guessed (labels of guesses are used",
              static_cast<long long>(input.counts.computed), static_cast<long long>(input.counts.guessed));
  if (input.audits > 0)
    std::printf("; of %lld audited %lld were wrong, %.2g to %.2g", static_cast<long long>(input.audits),
                static_cast<long long>(input.failedAudits), audit.low, audit.high);
  std::printf("), %lld missing; pitch %.3g units in the last place\n", static_cast<long long>(input.counts.none),
              *input.pitchUlp);
  if (input.roundingPixels > 0)
    std::printf("rounding decides the class of %.2f %% of %lld pixels computed twice\n",
                100.0 * static_cast<double>(input.roundingDiffers) / static_cast<double>(input.roundingPixels),
                static_cast<long long>(input.roundingPixels));
}

Result<analysis::DimensionReport> reportOf(const Input& input, const std::string& method, const Options& options) {
  const auto how = method == "box" ? analysis::ImageMethod::Box : analysis::ImageMethod::PixelPairs;
  auto report = analysis::reportDimension(input.image, how, input.pitchUlp, options.how);
  if (!report && report.error().where.empty()) report.error().where = options.input;
  return report;
}

// The report of pairs of new runs: no grid, so no neighbours and no null.
struct PairReport {
  analysis::PairDimension found;
  analysis::Judgement judgement;
};

Result<std::optional<PairReport>> pairReport(const Input& input, const Options& options, const Common& common) {
  if (options.pairs == 0) return std::optional<PairReport>();
  if (!input.map || !input.spec) return badInput("--pairs: needs a map with its spec", options.input);
  const std::uint8_t bit = options.classBit == "stable" ? sweep::kStable : sweep::kTrainable;
  auto found = trainPairs(*input.spec, *input.map, {options.pairs, bit, common.seed, common.threads});
  if (!found) return found.error();
  const analysis::Judgement judgement = analysis::judge({found->estimate, {}, {}, {}, true});
  return std::optional(PairReport{std::move(*found), judgement});
}

OrderedJson pairJson(const PairReport& report) {
  OrderedJson json = estimateJson(report.found.estimate);
  json["verdict"] = analysis::verdictName(report.judgement.verdict);
  json["reason"] = report.judgement.reason;
  json["counts"] = OrderedJson::array();
  for (const analysis::PairCount& count : report.found.counts)
    json["counts"].push_back({{"distance", count.distance},
                              {"differ", count.differ},
                              {"pairs", count.pairs},
                              {"low", count.share.low},
                              {"high", count.share.high}});
  return json;
}

void printPairs(const PairReport& report) {
  const analysis::DimensionEstimate& e = report.found.estimate;
  std::printf("pairs of runs: D = %.4f, interval %.4f to %.4f over %.2f decades of distance (%.2g to %.2g of the "
              "window): %s\n  %s\n",
              e.dimension, e.low, e.high, e.decades, e.smallest, e.largest,
              analysis::verdictName(report.judgement.verdict), report.judgement.reason.c_str());
}

Status run(Options options, const Common& common) {
  options.how.seed = common.seed;
  auto input = sweep::isMapFile(options.input) ? readMapInput(options) : readImage(options);
  if (!input) return input.error();
  std::vector<analysis::DimensionReport> reports;
  for (const std::string& method : options.methods) {
    auto report = reportOf(*input, method, options);
    if (!report) return report.error();
    reports.push_back(std::move(*report));
  }
  auto pairs = pairReport(*input, options, common);
  if (!pairs) return pairs.error();
  if (!common.json) {
    for (const analysis::DimensionReport& report : reports) printReport(report);
    if (*pairs) printPairs(**pairs);
    if (input->isMap) printMap(*input);
    return Done{};
  }
  OrderedJson json = reportJson(reports.front());
  json.update(sharesJson(reports.front()));
  json["box_side"] = json["box_count"] = OrderedJson::array();
  for (const analysis::PlainCount& count : analysis::plainBoxCount(input->image)) {
    json["box_side"].push_back(count.side);
    json["box_count"].push_back(count.boxes);
  }
  if (input->isMap) json.update(mapJson(*input));
  json["methods"] = OrderedJson::array();
  for (const analysis::DimensionReport& report : reports) json["methods"].push_back(reportJson(report));
  if (*pairs) json["pairs"] = pairJson(**pairs);
  printJson(json);
  return Done{};
}

} // namespace

void declareDimension(CommandLine& line) {
  auto options = std::make_shared<Options>();
  CLI::App* verb = line.verb("dimension", "The dimension of a boundary, with interval, decades and verdict",
                             [options, &line] { return run(*options, line.common); });
  verb->add_option("INPUT", options->input, "Map file, or image of 0 and 1 as .npy")->required();
  verb->add_option("--method", options->methods, "box, uncertainty (pairs of pixels), or both; the first is the answer")
      ->delimiter(',')
      ->check(CLI::IsMember({"box", "uncertainty"}));
  verb->add_option("--kind", options->kind, "Of an image: set (pixels of 1) or label (its border is measured)")
      ->check(CLI::IsMember({"set", "label"}));
  verb->add_option("--class", options->classBit, "Of a map: the boundary of stable or of trainable runs")
      ->check(CLI::IsMember({"stable", "trainable"}));
  verb->add_flag("--stable-only", options->stableOnly, "Of a map: leave out pixels whose class rounding decides");
  verb->add_option("--pairs", options->pairs,
                   "Of a map: also the uncertainty exponent by so many pairs of new runs at each distance")
      ->check(CLI::Range(std::int64_t{0}, std::int64_t{10000000}));
  verb->add_option("--offsets", options->how.offsets, "Grid offsets per size of box")->check(CLI::Range(1, 64));
  verb->add_option("--bootstraps", options->how.bootstraps, "Draws of the bootstrap")->check(CLI::Range(2, 100000));
  verb->add_option("--seed", line.common.seed, "Seed of offsets and bootstrap");
}

} // namespace orrery::app
