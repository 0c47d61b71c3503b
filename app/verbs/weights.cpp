// SPDX-License-Identifier: MIT
// orrery weights CHECKPOINT [OTHER] [--tensor GLOB] [--spectra]: numbers of every tensor, spectra of the matrices, and
// how far another checkpoint is from this one.
#include <atomic>
#include <iostream>
#include <memory>
#include <mutex>
#include <optional>

#include "app/verbs/verbs.h"
#include "core/base/text.h"
#include "core/session/weights.h"
#include "core/tensorio/statistics.h"
#include "core/weights/compare.h"
#include "core/weights/spectra.h"

namespace orrery::app {
namespace {

struct Options {
  std::string checkpoint, other, tensor = "*";
  bool spectra = false;
  std::int64_t estimate = 0;
};

using SpectrumResult = std::optional<Result<analysis::Spectrum>>;

struct Row {
  const weights::Weight* weight = nullptr;
  const weights::Weight* other = nullptr; // null: not compared
  tensorio::TensorStats stats;
  SpectrumResult spectrum, changeSpectrum;
  std::optional<weights::Change> change;
};

struct Work {
  weights::WeightsPtr a, b; // b: null without OTHER
  weights::Matched matched;
  std::vector<Row> rows;
  weights::SpectraOptions options;
  bool spectra = false;
};

// Statistics of one weight: of its part of the tensor.
Result<tensorio::TensorStats> statisticsOf(const weights::WeightSet& set, const weights::Weight& weight,
                                           const std::stop_token& stop) {
  tensorio::TensorInfo slice = *weight.info;
  if (slice.shape == weight.shape) return tensorio::statistics(set.file(), slice, stop);
  auto view = set.file().loadRange(slice, weight.first, weight.elements());
  if (!view) return view.error();
  return tensorio::statistics(*view, stop);
}

Status fillRow(Work& work, Row& row, const std::stop_token& stop) {
  auto stats = statisticsOf(*work.a, *row.weight, stop);
  if (!stats) return stats.error();
  row.stats = *stats;
  if (row.other) {
    auto change = weights::changeOf(work.a, *row.weight, work.b, *row.other, stop);
    if (!change) return change.error();
    row.change = *change;
  }
  if (!work.spectra || !row.weight->matrix()) return Done{};
  row.spectrum = weights::spectrumOf(work.a, *row.weight, work.options, stop);
  if (row.other)
    row.changeSpectrum = weights::spectrumOfChange(work.a, *row.weight, work.b, *row.other, work.options, stop);
  for (const SpectrumResult* result : {&row.spectrum, &row.changeSpectrum})
    if (*result && !(*result)->ok() &&
        ((*result)->error().code == Code::Cancelled || (*result)->error().code == Code::Io))
      return (*result)->error(); // the others say something of this matrix alone
  return Done{};
}

Status fillRows(Work& work, const session::JobContext& job) {
  std::vector<double> cost;
  for (const Row& row : work.rows)
    cost.push_back(static_cast<double>(row.weight->elements()) +
                   (work.spectra ? weights::spectrumCost(*row.weight) : 0));
  std::mutex mutex;
  Status failed = Done{};
  std::size_t done = 0;
  std::stop_source stop;
  const std::stop_callback forward(job.stop(), [&] { stop.request_stop(); });
  weights::eachByCost(cost, work.options.threads, stop.get_token(), [&](std::size_t i) {
    Status filled = fillRow(work, work.rows[i], stop.get_token());
    std::lock_guard lock(mutex);
    if (!filled && failed.ok()) {
      failed = filled;
      stop.request_stop();
    }
    ++done;
    job.report(static_cast<double>(done) / static_cast<double>(work.rows.size()), 0,
               std::to_string(done) + " of " + std::to_string(work.rows.size()) + " tensors");
  });
  if (job.stop().stop_requested()) return cancelled();
  return failed;
}

OrderedJson spectrumJson(const analysis::Spectrum& s) {
  OrderedJson json = {{"singular_values", s.values},
                      {"frobenius", s.frobenius},
                      {"rank", s.rank},
                      {"stable_rank", s.stableRank},
                      {"effective_rank_singular", s.effectiveRankSingular},
                      {"effective_rank_energy", s.effectiveRankEnergy},
                      {"entropy", s.entropy},
                      {"alpha", nullptr},
                      {"xmin", nullptr},
                      {"alpha_error", nullptr},
                      {"alpha_distance", nullptr},
                      {"alpha_tail", nullptr},
                      {"mp_edge", s.mpEdge},
                      {"mp_lower", s.mpLower},
                      {"outside", s.outside}};
  if (s.powerLaw) {
    json["alpha"] = s.powerLaw->alpha;
    json["xmin"] = s.powerLaw->xmin;
    json["alpha_error"] = s.powerLaw->error;
    json["alpha_distance"] = s.powerLaw->distance;
    json["alpha_tail"] = s.powerLaw->tail;
  }
  if (s.estimated) {
    json["rank"] = nullptr;
    json["estimated"] = true;
    json["residual"] = s.residual;
  }
  return json;
}

void putSpectrum(OrderedJson& json, const SpectrumResult& result) {
  if (!result) return;
  json["spectra"] = result->ok() ? spectrumJson(**result) : OrderedJson(nullptr);
  if (!result->ok()) json["spectra_refused"] = result->error().what;
}

OrderedJson rowJson(const Row& row) {
  const tensorio::TensorStats& s = row.stats;
  OrderedJson json = {{"name", row.weight->name},
                      {"shape", row.weight->shape},
                      {"dtype", tensorio::typeName(*row.weight->info)},
                      {"mean", s.mean},
                      {"std", s.std},
                      {"min", s.min},
                      {"max", s.max},
                      {"non_finite", s.nonFinite}};
  putSpectrum(json, row.spectrum);
  if (!row.change) return json;
  json["change"] = {{"other", row.other->name},
                    {"relative", row.change->relative},
                    {"cosine", row.change->cosine},
                    {"largest", row.change->largest}};
  putSpectrum(json["change"], row.changeSpectrum);
  return json;
}

void printSpectrum(const SpectrumResult& result, const char* indent) {
  if (!result) return;
  if (!result->ok()) {
    std::cout << indent << "no spectrum: " << result->error().what << '\n';
    return;
  }
  const analysis::Spectrum& s = **result;
  std::cout << indent << "s_1 " << (s.values.empty() ? 0.0 : s.values.front());
  if (s.estimated)
    std::cout << " (estimate of the largest " << s.values.size() << ", each at most " << s.residual
              << " off in squares)";
  std::cout << "  stable rank " << s.stableRank << "  effective rank " << s.effectiveRankSingular << " / "
            << s.effectiveRankEnergy << "  outside Marchenko-Pastur (" << s.mpEdge << ") " << s.outside;
  if (s.powerLaw)
    std::cout << "  alpha " << s.powerLaw->alpha << " +- " << s.powerLaw->error << " from " << s.powerLaw->xmin;
  std::cout << '\n';
}

void printRow(const Row& row) {
  const tensorio::TensorStats& s = row.stats;
  std::cout << row.weight->name << "  " << tensorio::typeName(*row.weight->info) << ' ' << shapeText(row.weight->shape)
            << "  mean " << s.mean << "  std " << s.std << "  min " << s.min << "  max " << s.max;
  if (s.nonFinite) std::cout << "  non-finite " << s.nonFinite;
  std::cout << '\n';
  printSpectrum(row.spectrum, "    ");
  if (!row.change) return;
  std::cout << "    change " << row.change->relative << "  cosine " << row.change->cosine << "  largest "
            << row.change->largest << '\n';
  printSpectrum(row.changeSpectrum, "    of the change: ");
}

Result<Work> prepare(const Options& options, const Common& common) {
  Work work;
  work.spectra = options.spectra;
  work.options = {common.threads, options.estimate};
  auto a = session::openWeights(options.checkpoint);
  if (!a) return a.error();
  work.a = *a;
  if (!options.other.empty()) {
    auto b = session::openWeights(options.other);
    if (!b) return b.error();
    work.b = *b;
    work.matched = weights::match(*work.a, *work.b);
  }
  for (const weights::Weight& weight : work.a->weights())
    if (matchesGlob(options.tensor, weight.name)) work.rows.push_back({&weight, nullptr, {}, {}, {}, {}});
  if (work.rows.empty())
    return notFound("no tensor matches --tensor \"" + options.tensor + "\"; `orrery info --tensors` lists them",
                    options.checkpoint);
  for (const auto& [from, to] : work.matched.pairs)
    for (Row& row : work.rows)
      if (row.weight == from) row.other = to;
  return work;
}

OrderedJson workJson(const Work& work) {
  OrderedJson json = {{"tensors", OrderedJson::array()}};
  for (const Row& row : work.rows) json["tensors"].push_back(rowJson(row));
  if (work.b)
    json["unmatched"] = {
        {"checkpoint", work.matched.onlyA}, {"other", work.matched.onlyB}, {"shapes", work.matched.shapes}};
  return json;
}

void printWork(const Work& work) {
  for (const Row& row : work.rows) printRow(row);
  if (!work.b) return;
  for (const std::string& name : work.matched.onlyA) std::cout << "only in the first: " << name << '\n';
  for (const std::string& name : work.matched.onlyB) std::cout << "only in the other: " << name << '\n';
  for (const std::string& sentence : work.matched.shapes) std::cout << "shapes differ: " << sentence << '\n';
}

Status run(const Options& options, const Common& common) {
  auto work = prepare(options, common);
  if (!work) return work.error();
  session::JobRunner runner([] {});
  const session::Job job =
      runner.post("Weights", [&](const session::JobContext& context) { return fillRows(*work, context); });
  if (Status filled = waitWithProgress(job, false); !filled) {
    Error error = filled.error();
    if (error.where.empty()) error.where = options.checkpoint;
    return error;
  }
  if (common.json)
    printJson(workJson(*work));
  else
    printWork(*work);
  return Done{};
}

} // namespace

void declareWeights(CommandLine& line) {
  auto options = std::make_shared<Options>();
  CLI::App* verb = line.verb("weights", "Numbers, spectra and changes of the tensors of a checkpoint",
                             [options, &line] { return run(*options, line.common); });
  verb->add_option("CHECKPOINT", options->checkpoint, "HF folder, .safetensors, index, .gguf, .pt or .bin")->required();
  verb->add_option("OTHER", options->other, "Another checkpoint, to compare with");
  verb->add_option("--tensor", options->tensor, "Only tensors whose name matches, with * and ?");
  verb->add_flag("--spectra", options->spectra, "Also the singular values of every matrix and what they say");
  verb->add_option("--estimate", options->estimate,
                   "Of a matrix that is too large: so many of its largest singular values by random projection")
      ->check(CLI::Range(1, 4096));
}

} // namespace orrery::app
