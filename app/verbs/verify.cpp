// SPDX-License-Identifier: MIT
// orrery verify CHECKPOINT [--reference R.safetensors] [--text S]: how exact the engine is, hook by hook.
#include <cstdio>
#include <iostream>
#include <memory>

#include "app/verbs/run_input.h"
#include "app/verbs/verbs.h"

namespace orrery::app {
namespace {

struct Options {
  RunInput input;
  std::string reference, against, process, dtype = "float32";
};

OrderedJson rowJson(const session::VerifyRow& row) {
  OrderedJson json = {{"name", row.name}, {"max_abs", row.maxAbs}, {"tolerance", row.tolerance},
                      {"ok", row.ok},     {"scaled", row.scaled},  {"source", row.source}};
  if (!row.note.empty()) json["note"] = row.note;
  return json;
}

OrderedJson report(const session::Verification& found) {
  OrderedJson json = {{"ok", found.ok()}, {"against", found.against}, {"tokens", found.tokens}};
  json["dtype"] = found.dtype == DType::F64 ? "float64" : "float32";
  if (found.logits) {
    json["logits_max_abs"] = found.logits->maxAbs();
    json["kl"] = found.logits->kl();
    json["kl_mean"] = found.logits->klMean();
    json["top1_changed"] = found.logits->top1Changed();
    return json;
  }
  json["hooks"] = OrderedJson::array();
  for (const session::VerifyRow& row : found.rows) json["hooks"].push_back(rowJson(row));
  json["unused"] = found.unused;
  return json;
}

std::string text(const char* format, double value) {
  char made[32];
  std::snprintf(made, sizeof made, format, value);
  return made;
}

void print(const session::Verification& found) {
  const char* dtype = found.dtype == DType::F64 ? "float64" : "float32";
  std::cout << dtype << " against " << found.against << ", " << found.tokens << " tokens\n";
  if (found.logits) {
    std::cout << "logits: largest difference " << text("%.3g", found.logits->maxAbs())
              << "\nKL mean: " << text("%.3g", found.logits->klMean())
              << " nat\nmost likely token changed: " << found.logits->top1Changed() << " of "
              << found.logits->positions() << " positions\n";
    return;
  }
  for (const session::VerifyRow& row : found.rows)
    std::cout << (row.ok ? "ok   " : "OFF  ") << text("%9.2e", row.maxAbs) << "  allowed "
              << text("%8.1e", row.tolerance) << "  " << row.name << (row.source == "float64" ? "" : "  " + row.source)
              << (row.note.empty() ? "" : "  (" + row.note + ")") << '\n';
  if (!found.unused.empty()) std::cout << "not compared: " << found.unused.size() << " tensors of the reference\n";
}

// The sentence of exit 1.
Error offSentence(const session::Verification& found, const std::string& checkpoint) {
  std::size_t off = 0;
  for (const session::VerifyRow& row : found.rows) off += row.ok ? 0 : 1;
  const session::VerifyRow& worst = found.rows.front();
  return badInput(std::to_string(off) + " of " + std::to_string(found.rows.size()) +
                      " are not within tolerance; worst " + worst.name + ": expected at most " +
                      text("%.1e", worst.tolerance) + ", found " + text("%.2e", worst.maxAbs),
                  checkpoint);
}

Result<session::VerifySpec> specOf(const Options& options) {
  session::VerifySpec spec;
  spec.reference = options.reference;
  spec.against = options.against;
  const RunInput& in = options.input;
  if (in.text.empty() && in.file.empty() && in.tokens.empty() && in.tokensFile.empty()) return spec;
  auto run = runSpec(in);
  if (!run) return run.error();
  spec.text = run->text;
  spec.tokens = run->tokens;
  return spec;
}

Status run(const Options& options, const Common& common) {
  auto spec = specOf(options);
  if (!spec) return spec.error();
  const auto open = openOptions(options.dtype, options.process);
  if (!open) return open.error();
  session::Session engine({.threads = common.threads});
  if (Status opened = waitWithProgress(engine.runOpen(options.input.checkpoint, *open), common.json); !opened)
    return opened;
  if (Status ran = waitWithProgress(engine.runVerify(*spec), common.json); !ran) return ran;
  const session::Verification& found = *engine.state()->verification;
  if (common.json)
    printJson(report(found));
  else
    print(found);
  if (!found.ok()) return offSentence(found, options.input.checkpoint);
  return Done{};
}

} // namespace

void declareVerify(CommandLine& line) {
  auto options = std::make_shared<Options>();
  CLI::App* verb = line.verb("verify", "How exact the engine is: against a reference, or float32 against float64",
                             [options, &line] { return run(*options, line.common); });
  addRunInput(*verb, options->input, false);
  verb->add_option("--reference", options->reference, "Numbers of another program (.safetensors)");
  verb->add_option("--against", options->against, "A checkpoint of the same vocabulary: what do its weights change?")
      ->excludes("--reference");
  addProcessing(*verb, options->process);
  verb->add_option("--dtype", options->dtype, "What the run computes in")->check(CLI::IsMember({"float32", "float64"}));
}

} // namespace orrery::app
