// SPDX-License-Identifier: MIT
// The measuring itself: it must find what is wrong, say what is wrong with a reference, and leave the run alone.
#include "core/session/verify.h"

#include <gtest/gtest.h>

#include <cmath>

#include "core/base/json.h"
#include "core/session/session.h"
#include "core/tensorio/safetensors_writer.h"
#include "tests/core/tensorio/scratch.h"

namespace orrery::session {
namespace {

using testkit::readText;
using testkit::Scratch;
using testkit::writeText;

const std::string kTests = ORRERY_SOURCE_DIR "/tests/core/";
const std::string kLlama = kTests + "models/data/llama_options", kGguf = kTests + "session/data/models/llama_gguf";

std::shared_ptr<models::Decoder> load(const std::string& path, DType dtype = DType::F32,
                                      models::Processing processing = {}) {
  models::LoadOptions options;
  options.dtype = dtype;
  options.processing = processing;
  auto decoder = models::loadDecoder(path, options);
  EXPECT_TRUE(decoder) << decoder.error().message();
  return decoder ? *decoder : nullptr;
}

using Tensors = std::map<std::string, TensorView>;
Tensors tensorsOf(const std::string& path) {
  Tensors all;
  auto file = tensorio::openTensors(path);
  EXPECT_TRUE(file);
  for (const auto& info : file->tensors()) all[info.name] = *file->load(info.name);
  return all;
}
void write(const std::string& path, const Tensors& tensors) {
  std::vector<tensorio::NamedTensor> list;
  for (const auto& [name, view] : tensors) list.push_back({name, view});
  ASSERT_TRUE(tensorio::writeSafetensors(path, list));
}
void nudge(TensorView& view, std::size_t at, double by) {
  std::vector<double> values = toDoubles(view);
  values[at] += by;
  view = viewOf(std::move(values), view.shape);
}

const VerifyRow* rowOf(const Verification& found, const std::string& source) {
  for (const VerifyRow& row : found.rows)
    if (row.source == source) return &row;
  return nullptr;
}

// One number of one tensor moved by a little more than is allowed: that row fails, it stands first, no other fails.
TEST(Verify, FindsOneWrongNumber) {
  Scratch scratch;
  const auto decoder = load(kLlama);
  for (const char* name : {"logits_f64", "hidden.1", "attn.0", "k.1", "mlp_out.0", "hidden.2"}) {
    Tensors tensors = tensorsOf(kLlama + "/reference.safetensors");
    nudge(tensors[name], tensors[name].shape.size() == 4 && name[0] == 'a' ? 3 : 17, 0.01);
    write(scratch / "r.safetensors", tensors);
    auto reference = openReference(scratch / "r.safetensors", decoder->config());
    ASSERT_TRUE(reference) << reference.error().message();
    const auto found = verifyReference(*decoder, *reference, {}, 7);
    ASSERT_TRUE(found) << found.error().message();
    EXPECT_FALSE(found->ok());
    EXPECT_EQ(found->rows.front().source, name);
    EXPECT_NEAR(found->rows.front().maxAbs, 0.01, 1e-4);
    EXPECT_GT(found->rows.front().maxAbs, found->rows.front().tolerance);
    EXPECT_TRUE(found->rows[1].ok);
  }
}

TEST(Verify, GreedyTokensThatDiffer) {
  Scratch scratch;
  const auto decoder = load(kLlama);
  Tensors tensors = tensorsOf(kLlama + "/reference.safetensors");
  std::vector<std::int64_t> greedy;
  for (const double id : toDoubles(tensors["greedy"])) greedy.push_back(static_cast<std::int64_t>(id));
  const auto count = static_cast<std::int64_t>(greedy.size());
  greedy[5] = (greedy[5] + 1) % decoder->config().vocab;
  tensors["greedy"] = viewOf(std::move(greedy), {count});
  write(scratch / "r.safetensors", tensors);
  const auto found = verifyReference(*decoder, *openReference(scratch / "r.safetensors", decoder->config()), {});
  ASSERT_TRUE(found) << found.error().message();
  EXPECT_FALSE(rowOf(*found, "greedy")->ok);
  EXPECT_EQ(rowOf(*found, "greedy")->note, "differs from token 5 on");
}

// Names of hook points with a text of "input_ids", as another program would write them; norms either way round.
TEST(Verify, HookNamesAndInputIds) {
  Scratch scratch;
  const auto decoder = load(kLlama);
  const Tensors from = tensorsOf(kLlama + "/reference.safetensors");
  Tensors tensors;
  tensors["input_ids"] = from.at("tokens_short");
  tensors["blocks.0.attn.hook_k"] = from.at("k.0");
  tensors["blocks.1.attn.hook_pattern"] = from.at("attn.1");
  tensors["unembed.hook_out"] = from.at("logits_f64");
  tensors["something_else"] = from.at("k.0");
  write(scratch / "r.safetensors", tensors);
  const auto reference = openReference(scratch / "r.safetensors", decoder->config());
  ASSERT_TRUE(reference) << reference.error().message();
  EXPECT_EQ(reference->unused, std::vector<std::string>{"something_else"});
  const auto found = verifyReference(*decoder, *reference, {});
  ASSERT_TRUE(found);
  EXPECT_EQ(found->rows.size(), 3u);
  EXPECT_TRUE(found->ok());
  EXPECT_EQ(rowOf(*found, "blocks.0.attn.hook_k")->note, "before RoPE");
}

std::string refusal(const Tensors& tensors) {
  Scratch scratch;
  const auto decoder = load(kLlama);
  write(scratch / "r.safetensors", tensors);
  const auto reference = openReference(scratch / "r.safetensors", decoder->config());
  const Error error = reference ? verifyReference(*decoder, *reference, {}).error() : reference.error();
  std::printf("  %s\n", error.what.c_str());
  EXPECT_NE(error.where.find("r.safetensors"), std::string::npos);
  return error.what;
}

TEST(Verify, BadReferencesAreRefusedInOneSentence) {
  const Tensors good = tensorsOf(kLlama + "/reference.safetensors");
  Tensors tensors = good;
  tensors.erase("tokens_short");
  EXPECT_NE(refusal({{"logits_f64", good.at("logits_f64")}}).find("expected token ids"), std::string::npos);
  EXPECT_NE(refusal({{"tokens_short", good.at("tokens_short")}}).find("found none"), std::string::npos);
  tensors = good;
  tensors["k.0"] = good.at("q.0");
  EXPECT_NE(refusal(tensors).find("\"k.0\": expected [1, 16, 2, 6]"), std::string::npos);
  tensors = good;
  nudge(tensors["v.1"], 3, NAN);
  EXPECT_NE(refusal(tensors).find("\"v.1\" holds NaN"), std::string::npos);
  tensors = good;
  tensors["tokens_short"] = viewOf(std::vector<std::int64_t>(16, 61), {1, 16});
  EXPECT_NE(refusal(tensors).find("below the vocabulary 61"), std::string::npos);
  tensors["tokens_short"] = viewOf(std::vector<std::int64_t>(57, 1), {1, 57});
  EXPECT_NE(refusal(tensors).find("the context 56"), std::string::npos);
  tensors = good;
  tensors["greedy"] = viewOf(std::vector<std::int64_t>{-4}, {1});
  EXPECT_NE(refusal(tensors).find("\"greedy\""), std::string::npos);
  tensors = good;
  tensors["blocks.0.ln1_post.hook_scale"] = good.at("k.0");
  EXPECT_NE(refusal(tensors).find("no such hook point"), std::string::npos);
}

TEST(Verify, ATruncatedReferenceAndOneOfAnotherModel) {
  Scratch scratch;
  const auto decoder = load(kLlama);
  const std::string bytes = readText(kLlama + "/reference.safetensors");
  for (const std::size_t size : {std::size_t{0}, std::size_t{7}, bytes.size() / 2, bytes.size() - 1}) {
    writeText(scratch / "r.safetensors", bytes.substr(0, size));
    EXPECT_FALSE(openReference(scratch / "r.safetensors", decoder->config()));
  }
  EXPECT_FALSE(openReference(scratch / "none.safetensors", decoder->config()));
  const auto other = openReference(kTests + "models/data/gpt2_options/reference.safetensors", decoder->config());
  ASSERT_FALSE(other);
  std::printf("  %s\n", other.error().what.c_str());
}

// Piece by piece in step equals all at once; the largest difference is that of two whole runs.
TEST(Verify, Float32AgainstFloat64) {
  const auto single = load(kLlama), exact = load(kLlama, DType::F64);
  std::vector<std::int32_t> tokens;
  for (int i = 0; i < 50; ++i) tokens.push_back(i * 7 % 61);
  const auto found = verifyFloat64(*single, *exact, tokens, {});
  ASSERT_TRUE(found) << found.error().message();
  EXPECT_TRUE(found->ok());
  std::size_t offered = 0;
  for (const hooks::HookSpec& spec : single->hooks()) offered += spec.onRequest ? 0 : 1;
  EXPECT_EQ(found->rows.size(), offered);
  EXPECT_GT(found->rows.front().maxAbs, 0);
  for (std::size_t i = 1; i < found->rows.size(); ++i)
    EXPECT_GE(found->rows[i - 1].maxAbs / found->rows[i - 1].tolerance,
              found->rows[i].maxAbs / found->rows[i].tolerance);
  std::printf("worst %s: %.2e, tolerance %.0e\n", found->rows.front().name.c_str(), found->rows.front().maxAbs,
              found->rows.front().tolerance);
}

// Numbers kept beside the file, by numpy from transformers' runs (make_models.py).
TEST(Verify, WhatQuantisationDoesToTheLogits) {
  const Json truth = Json::parse(readText(kGguf + "/against.json"));
  const auto quantised = load(kGguf + "/model.gguf"), plain = load(kTests + "session/data/models/llama_float");
  const auto tokens = truth["tokens"].get<std::vector<std::int32_t>>();
  const auto found = compareLogits(*quantised, *plain, tokens, {});
  ASSERT_TRUE(found) << found.error().message();
  double worst = 0;
  for (std::size_t i = 0; i < tokens.size(); ++i)
    worst = std::max(worst, std::abs(found->logits->kl()[i] - truth["kl"][i].get<double>()));
  std::printf("KL of every position: largest difference %.1e, tolerance 1e-5; max abs %.6f, numpy %.6f\n", worst,
              found->logits->maxAbs(), truth["max_abs"].get<double>());
  EXPECT_LE(worst, 1e-5);
  EXPECT_NEAR(found->logits->klMean(), truth["kl_mean"].get<double>(), 1e-6);
  EXPECT_NEAR(found->logits->maxAbs(), truth["max_abs"].get<double>(), 1e-4);
  EXPECT_EQ(found->logits->top1Changed(), truth["top1_changed"].get<int>());
  EXPECT_GT(found->logits->top1Changed(), 0);
  const auto other = compareLogits(*quantised, *load(kLlama), tokens, {});
  EXPECT_NE(other.error().what.find("vocabulary"), std::string::npos);
}

// What is not valid is left out with a sentence, and log-probabilities are those of the plain model.
TEST(Processing, LeavesLogProbabilitiesAlone) {
  const std::pair<const char*, int> kModels[] = {{"gpt2", 0},  {"gpt_neox", 0}, {"phi", 0},     {"llama", 1},
                                                 {"gemma", 1}, {"gemma2", 2},   {"mixtral", 2}, {"qwen3", 1}};
  for (const auto& [name, leftOut] : kModels) {
    const std::string path = kTests + "models/data/" + name + "_options";
    const auto plain = load(path, DType::F64), processed = load(path, DType::F64, {true, true, true});
    EXPECT_EQ(processed->warnings().size(), plain->warnings().size() + static_cast<std::size_t>(leftOut)) << name;
    std::vector<std::int32_t> tokens;
    for (int i = 0; i < 30; ++i) tokens.push_back(i * 11 % 61);
    const auto found = compareLogits(*processed, *plain, tokens, {});
    ASSERT_TRUE(found) << found.error().message();
    double worst = 0;
    for (const double kl : found->logits->kl()) worst = std::max(worst, std::abs(kl));
    std::printf("%-9s KL largest %.1e (tolerance 1e-12), logits moved by %.2e\n", name, worst, found->logits->maxAbs());
    EXPECT_LE(worst, 1e-12);
    EXPECT_EQ(found->logits->top1Changed(), 0);
  }
}

TEST(Processing, WordsThereAndBack) {
  const auto some = models::parseProcessing("fold-ln,center-unembed");
  ASSERT_TRUE(some);
  EXPECT_EQ(*some, (models::Processing{true, false, true}));
  EXPECT_EQ(models::processingWords(*some), (std::vector<std::string>{"fold-ln", "center-unembed"}));
  EXPECT_FALSE(models::parseProcessing("")->any());
  EXPECT_NE(models::parseProcessing("fold").error().what.find("center-writing"), std::string::npos);
}

// A measurement of the session changes neither run nor snapshot, yields to other jobs, and is forgotten with the model.
TEST(SessionVerify, LeavesTheRunAlone) {
  Session session{{.threads = 2}};
  EXPECT_FALSE(session.runVerify({}).wait());
  ASSERT_TRUE(session.runOpen(kGguf + "/model.gguf").wait());
  RunSpec spec;
  spec.text = "hello the hello";
  spec.generate = 4;
  ASSERT_TRUE(session.runStart(spec).wait());
  const auto before = session.snapshot();
  VerifySpec verify;
  verify.tokens = before->tokens.toVector();
  ASSERT_TRUE(session.runVerify(verify).wait());
  ASSERT_TRUE(session.state()->verification);
  EXPECT_EQ(session.state()->verification->against, "float64");
  EXPECT_EQ(session.snapshot(), before);
  ASSERT_TRUE(session.runVerify({}).wait()) << "the reference beside the checkpoint";
  EXPECT_NE(session.state()->verification->against.find("reference.safetensors"), std::string::npos);
  ASSERT_TRUE(session.runContinue(2).wait());
  EXPECT_EQ(session.snapshot()->length(), before->length() + 2);
  verify.background = true;
  verify.maxBytes = 1000;
  ASSERT_TRUE(session.runVerify(verify).wait());
  EXPECT_NE(session.state()->verification->notMeasured.find("MB"), std::string::npos);
  verify.maxBytes = 0;
  Job yielding = session.runVerify(verify);
  ASSERT_TRUE(session.runContinue(1).wait());
  EXPECT_TRUE(yielding.info().over());
  ASSERT_TRUE(session.runOpen(kLlama).wait());
  EXPECT_FALSE(session.state()->verification);
}

// Processing that is on: a reference beside the checkpoint tells of other weights, so the float64 twin is taken.
TEST(SessionVerify, ProcessedModels) {
  Session session{{.threads = 1}};
  ASSERT_TRUE(session.runOpen(kLlama, {DType::F32, "cpu", {true, true, false}}).wait());
  EXPECT_EQ(session.state()->model->processing, (models::Processing{true, false, false}));
  VerifySpec verify;
  EXPECT_FALSE(session.runVerify(verify).wait());
  verify.tokens = {1, 2, 3, 4};
  ASSERT_TRUE(session.runVerify(verify).wait());
  EXPECT_TRUE(session.state()->verification->ok());
  RunSpec spec;
  spec.tokens = {1, 2, 3};
  ASSERT_TRUE(session.runStart(spec).wait());
  const Json recipe = Json::parse(session.snapshot()->info->recipeJson);
  EXPECT_EQ(recipe["processing"], Json({"fold-ln"}));
}

} // namespace
} // namespace orrery::session
