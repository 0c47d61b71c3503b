// SPDX-License-Identifier: MIT
// Edits: every hook point can be edited and the output follows; known edits equal the same thing done by hand.
#include "tests/core/models/helpers.h"

namespace orrery::models::test {
namespace {

ModelConfig configOf(const char* text) {
  auto json = parseJson(text, "test");
  EXPECT_TRUE(json.ok());
  auto config = parseConfig(*json, "test");
  EXPECT_TRUE(config.ok()) << (config.ok() ? "" : config.error().message());
  return *config;
}

std::vector<std::shared_ptr<Decoder>> models(DType dtype) {
  std::vector<std::shared_ptr<Decoder>> all;
  LoadOptions options;
  options.dtype = dtype;
  for (const char* text :
       {R"({"architectures":["GPT2LMHeadModel"],"n_embd":24,"n_head":3,"n_layer":2,"n_positions":64,"vocab_size":50,
            "initializer_range":0.3})",
        R"({"architectures":["LlamaForCausalLM"],"hidden_size":24,"num_attention_heads":6,"num_key_value_heads":2,
            "num_hidden_layers":2,"intermediate_size":40,"max_position_embeddings":64,"vocab_size":50,"head_dim":6,
            "initializer_range":0.3})",
        R"({"architectures":["GPTNeoXForCausalLM"],"hidden_size":24,"num_attention_heads":3,"num_hidden_layers":2,
            "intermediate_size":40,"max_position_embeddings":64,"vocab_size":50,"rotary_pct":0.5,
            "initializer_range":0.3})",
        R"({"architectures":["PhiForCausalLM"],"hidden_size":24,"num_attention_heads":3,"num_hidden_layers":2,
            "intermediate_size":40,"max_position_embeddings":64,"vocab_size":50,"qk_layernorm":true,
            "initializer_range":0.3})",
        R"({"architectures":["Gemma2ForCausalLM"],"hidden_size":24,"num_attention_heads":4,"num_key_value_heads":2,
            "num_hidden_layers":2,"intermediate_size":40,"max_position_embeddings":64,"vocab_size":50,"head_dim":6,
            "sliding_window":5,"initializer_range":0.3})",
        R"({"architectures":["MixtralForCausalLM"],"hidden_size":24,"num_attention_heads":4,"num_key_value_heads":2,
            "num_hidden_layers":2,"intermediate_size":40,"max_position_embeddings":64,"vocab_size":50,
            "num_local_experts":4,"initializer_range":0.3})"})
    all.push_back(*randomDecoder(configOf(text), 7, options));
  return all;
}

const std::vector<std::int32_t> kText = {3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5, 8, 9, 7};

struct Output {
  std::vector<double> logits;    // after the last position
  std::vector<double> surprisal; // log-probability of every token
  std::map<std::string, Values> hooks;
};

Output runWith(const Decoder& decoder, std::vector<hooks::Edit> edits, std::int64_t chunk = 512,
               const std::string& capture = "") {
  Keeper keeper;
  Output out;
  RunOptions options;
  if (!capture.empty()) options.plan = planOf(decoder, capture);
  options.sink = &keeper;
  options.edits = std::move(edits);
  options.chunk = chunk;
  options.onScores = [&](std::int64_t, std::span<const hooks::TokenScore> scores) {
    for (const auto& score : scores) out.surprisal.push_back(score.logProbability);
  };
  auto run = start(decoder, options);
  append(*run, kText);
  out.logits = run->lastLogits();
  for (const auto& [name, pieces] : keeper.pieces) out.hooks[name] = keeper.joined(name);
  return out;
}

TEST(Edits, EveryHookChangesTheOutput) {
  for (const auto& decoder : models(DType::F32)) {
    const Output plain = runWith(*decoder, {});
    for (const hooks::HookSpec& spec : decoder->hooks()) {
      // a norm behind a hook would undo a scaling of its input; a divisor must not become 0
      const bool divisor = spec.dims.back() == "1";
      hooks::EditAction action = hooks::Zero{};
      if (divisor) action = hooks::Scale{1.5};
      const Output edited = runWith(*decoder, {{spec.id, {}, action}});
      const double change = difference(edited.logits, plain.logits).largest;
      EXPECT_GT(change, 1e-4) << spec.name;
      std::vector<hooks::EditSlice> where = {{"T", 4, 6}};
      for (const std::string& dim : spec.dims)
        if (dim == "Tq") where = {{"Tq", 4, 6}};
      const Output part = runWith(*decoder, {{spec.id, where, action}});
      EXPECT_GT(difference(part.surprisal, plain.surprisal).largest, 1e-6) << spec.name << " at positions 4, 5";
    }
    std::printf("  %s: %zu hooks edited, every one changes the logits\n", decoder->config().architecture.c_str(),
                decoder->hooks().size());
  }
}

TEST(Edits, NeutralEditsChangeNothing) {
  for (const auto& decoder : models(DType::F64)) {
    const Output plain = runWith(*decoder, {});
    for (const hooks::HookSpec& spec : decoder->hooks()) {
      const Output edited = runWith(*decoder, {{spec.id, {}, hooks::Scale{1}}});
      EXPECT_LE(difference(edited.logits, plain.logits).largest, 1e-11) << spec.name;
    }
  }
}

TEST(Edits, MeanTheSameInChunks) {
  for (const auto& decoder : models(DType::F64))
    for (const hooks::HookSpec& spec : decoder->hooks()) {
      if (spec.unit == "id") continue;
      std::vector<hooks::EditSlice> where = {{"T", 4, 9}};
      for (const std::string& dim : spec.dims)
        if (dim == "Tq") where = {{"Tq", 4, 9}, {"Tk", 1, 3}};
      const std::vector<hooks::Edit> edits = {{spec.id, where, hooks::Scale{0.25}}};
      const Output whole = runWith(*decoder, edits), pieces = runWith(*decoder, edits, 3);
      EXPECT_LE(difference(whole.logits, pieces.logits).largest, 1e-10) << spec.name;
    }
}

TEST(Edits, ReplaceWithAWholeTextPatches) {
  for (const auto& decoder : models(DType::F64))
    for (const hooks::HookSpec& spec : decoder->hooks()) {
      if (spec.unit == "id") continue;
      const Output plain = runWith(*decoder, {}, 512, spec.name);
      const Values& own = plain.hooks.at(spec.name);
      const hooks::Edit self{spec.id, {}, hooks::Replace{viewOf(own.data, own.shape)}};
      EXPECT_LE(difference(runWith(*decoder, {self}).logits, plain.logits).largest, 1e-10) << spec.name;
      if (spec.id.kind == hooks::HookKind::AttnScores || spec.id.kind == hooks::HookKind::Pattern) continue;
      EXPECT_LE(difference(runWith(*decoder, {self}, 5).logits, plain.logits).largest, 1e-10) << spec.name;
    }
}

TEST(Edits, AblatedHeadWritesNothing) {
  for (const auto& decoder : models(DType::F64)) {
    if (decoder->config().postNorms) continue; // hook_attn_out is not a sum over heads there
    const std::string name = "blocks.1.hook_attn_out";
    const Output ablated = runWith(*decoder, {hooks::ablateHead(1, 2)}, 512, name + ",blocks.1.attn.hook_z");
    const Output plain = runWith(*decoder, {}, 512, name + ",blocks.1.attn.hook_result");
    // by hand: attn_out minus what head 2 writes
    Values byHand = plain.hooks.at(name);
    const Values& result = plain.hooks.at("blocks.1.attn.hook_result"); // [1, T, H, D]
    const std::int64_t heads = result.shape[2], d = result.shape[3];
    for (std::int64_t t = 0; t < result.shape[1]; ++t)
      for (std::int64_t i = 0; i < d; ++i)
        byHand.data[static_cast<std::size_t>(t * d + i)] -=
            result.data[static_cast<std::size_t>((t * heads + 2) * d + i)];
    compare("attn_out without head 2", ablated.hooks.at(name), byHand, 1e-12);
    const Output viaResult =
        runWith(*decoder, {{{hooks::HookKind::Result, 1}, {{"H", 2, 3}}, hooks::Zero{}}}, 512, name);
    compare("the same through hook_result", viaResult.hooks.at(name), byHand, 1e-12);
  }
}

TEST(Edits, SteeringAddsAVector) {
  for (const auto& decoder : models(DType::F64)) {
    const std::string name = "blocks.1.hook_resid_pre";
    std::vector<double> vector(24);
    for (std::size_t i = 0; i < vector.size(); ++i) vector[i] = 0.1 * static_cast<double>(i);
    const Output plain = runWith(*decoder, {}, 512, name);
    const hooks::HookId at{hooks::HookKind::ResidPre, 1};
    const Output steered = runWith(*decoder, {{at, {{"T", 5, 7}}, hooks::Add{viewOf(vector, {24})}}}, 4, name);
    Values expected = plain.hooks.at(name);
    for (std::size_t t = 5; t < 7; ++t)
      for (std::size_t i = 0; i < 24; ++i) expected.data[t * 24 + i] += vector[i];
    compare("resid_pre plus vector at 5, 6", steered.hooks.at(name), expected, 1e-12);
  }
}

TEST(Edits, RefusedWithASentence) {
  const auto decoder = models(DType::F32).front();
  const auto refused = [&](hooks::Edit edit) {
    RunOptions options;
    options.edits = {std::move(edit)};
    const auto run = decoder->startRun(options);
    EXPECT_FALSE(run.ok());
    std::printf("  %s\n", run.ok() ? "accepted" : run.error().message().c_str());
  };
  refused({{hooks::HookKind::RotQ, 0}, {}, hooks::Zero{}});
  refused({{hooks::HookKind::Z, 9}, {}, hooks::Zero{}});
  refused({{hooks::HookKind::Z, 0}, {{"G", 0, 1}}, hooks::Zero{}});
  refused({{hooks::HookKind::Z, 0}, {{"H", 2, 4}}, hooks::Zero{}});
  refused({{hooks::HookKind::Z, 0}, {}, hooks::Add{viewOf(std::vector<float>(5), {5})}});
}

} // namespace
} // namespace orrery::models::test
