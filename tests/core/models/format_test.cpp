// SPDX-License-Identifier: MIT
// Checkpoints that are no HF folder, against numbers of transformers and of their own reference programs.
#include "tests/core/models/helpers.h"

#include "core/base/text.h"

namespace orrery::models::test {
namespace {

struct Model {
  std::string path, reference;
};

std::vector<Model> outsideModels() {
  std::vector<Model> all;
  const std::pair<const char*, const char*> homes[] = {
      {"/gguf/models", "model.gguf"}, {"/llama2c", "model.bin"}, {"/nanogpt", "ckpt.pt"}};
  for (const auto& [home, file] : homes) {
    if (!std::filesystem::exists(kOracles + home)) continue;
    for (const auto& entry : std::filesystem::directory_iterator(kOracles + home))
      if (std::filesystem::exists(entry.path() / file))
        all.push_back({(entry.path() / file).string(), (entry.path() / "reference.safetensors").string()});
  }
  std::ranges::sort(all, {}, &Model::path);
  return all;
}

// The first of the names that the reference file has.
std::string present(const Reference& reference, std::initializer_list<std::string> names) {
  for (const std::string& name : names)
    if (reference.has(name)) return name;
  return {};
}

void compareIfThere(const Reference& reference, const std::string& name, const Values& ours, double tolerance) {
  if (reference.has(name)) compare(name, ours, reference.get(name), tolerance);
}

void checkGreedy(const Decoder& decoder, const Reference& reference, const std::vector<std::int32_t>& prompt) {
  auto run = start(decoder, {});
  append(*run, prompt);
  std::vector<std::int32_t> greedy;
  const std::vector<std::int32_t> expected = reference.tokens("greedy");
  while (greedy.size() < expected.size()) {
    greedy.push_back(best(run->lastLogits()));
    append(*run, std::span(&greedy.back(), 1));
  }
  EXPECT_EQ(greedy, expected);
}

void checkModel(const Model& model, DType dtype) {
  std::printf("%s %s\n", model.path.c_str(), dtype == DType::F64 ? "float64" : "float32");
  const auto decoder = load(model.path, dtype);
  ASSERT_TRUE(decoder);
  const Reference ref(model.reference);
  const std::vector<std::int32_t> tokens = ref.tokens(present(ref, {"tokens_short", "tokens"}));
  Keeper keeper;
  RunOptions options;
  options.plan = planOfAll(*decoder);
  options.sink = &keeper;
  auto run = start(*decoder, options);
  append(*run, tokens);
  const double tolerance = dtype == DType::F64 ? 1e-9 : 5e-5, patterns = dtype == DType::F64 ? 1e-9 : 1e-5;
  compare("logits", keeper.joined("unembed.hook_out"), ref.get("logits_f64"), tolerance);
  for (int layer = 0; layer < static_cast<int>(decoder->config().layers); ++layer) {
    const std::string n = std::to_string(layer), block = "blocks." + n + ".";
    for (const char* part : {"q", "k", "v"})
      compareIfThere(ref, part + ("." + n), keeper.joined(block + "attn.hook_" + part), tolerance);
    compareIfThere(ref, "attn." + n, keeper.joined(block + "attn.hook_pattern"), patterns);
    compareIfThere(ref, "attn_out." + n, keeper.joined(block + "hook_attn_out"), tolerance);
    compareIfThere(ref, "mlp_out." + n, keeper.joined(block + "hook_mlp_out"), tolerance);
    compareIfThere(ref, "resid_post." + n, keeper.joined(block + "hook_resid_post"), tolerance);
  }
  checkGreedy(*decoder, ref, tokens);
}

TEST(Formats, EqualTheirReferences) {
  if (outsideModels().empty()) GTEST_SKIP() << "runs where ../shared/oracles lies beside the sources";
  for (const Model& model : outsideModels())
    for (const DType dtype : {DType::F32, DType::F64}) checkModel(model, dtype);
}

} // namespace
} // namespace orrery::models::test
