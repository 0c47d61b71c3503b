// SPDX-License-Identifier: MIT
// Keys and values of the cache against transformers' projections and TransformerLens' hook_rot_k.
#include "tests/core/models/helpers.h"

#include "core/hooks/kv_states.h"

namespace orrery::models::test {
namespace {

using hooks::KvState;

// [1, T, G, Dh] as the hooks and the reference have it.
Values statesOf(const hooks::AttentionRecord& record, KvState state) {
  Values all{{1, record.tokens, record.kvHeads, record.headDim}, {}};
  all.data.resize(static_cast<std::size_t>(record.tokens * record.kvHeads * record.headDim));
  for (std::int64_t g = 0; g < record.kvHeads; ++g) {
    const auto rows = hooks::kvRows(record, state, g, {0, record.tokens});
    EXPECT_TRUE(rows.ok()) << rows.error().message();
    if (!rows) return all;
    for (std::int64_t t = 0; t < record.tokens; ++t)
      std::copy_n(rows->begin() + t * record.headDim, record.headDim,
                  all.data.begin() + (t * record.kvHeads + g) * record.headDim);
  }
  return all;
}

void checkFolder(const std::string& folder, DType dtype) {
  std::printf("%s %s\n", folder.c_str(), dtype == DType::F64 ? "float64" : "float32");
  const auto decoder = load(folder, dtype);
  ASSERT_TRUE(decoder);
  const Reference ref(folder + "/reference.safetensors");
  Keeper keeper;
  RunOptions options;
  options.plan = planOf(*decoder, "*.hook_k_normed");
  options.sink = &keeper;
  options.chunk = 7;
  auto run = start(*decoder, options);
  append(*run, ref.tokens("tokens_short"));
  const double tolerance = dtype == DType::F64 ? 1e-9 : 5e-5;
  const bool normed = decoder->config().qkNorm;
  for (const auto& [layer, record] : keeper.records) {
    const std::string n = std::to_string(layer), attn = "blocks." + n + ".attn.";
    const Values before = normed ? keeper.joined(attn + "hook_k_normed") : ref.get("k." + n);
    compare("keys before RoPE " + n, statesOf(record, KvState::KeyBeforeRope), before, tolerance);
    compare("values " + n, statesOf(record, KvState::Value), ref.get("v." + n), tolerance);
    if (!std::filesystem::exists(folder + "/tl_cache.safetensors")) continue;
    const Reference cache(folder + "/tl_cache.safetensors");
    if (cache.has(attn + "hook_rot_k"))
      compare("keys after RoPE " + n, statesOf(record, KvState::KeyAfterRope), cache.get(attn + "hook_rot_k"), 5e-5);
  }
}

TEST(KvStates, EqualTheReference) {
  int checked = 0;
  for (const std::string& home : {kOracles + "/models", kData})
    if (std::filesystem::exists(home))
      for (const auto& entry : std::filesystem::directory_iterator(home))
        for (const DType dtype : {DType::F32, DType::F64})
          if (entry.is_directory() && std::filesystem::exists(entry.path() / "reference.safetensors"))
            checkFolder(entry.path().string(), dtype), ++checked;
  EXPECT_GE(checked, 2);
}

TEST(KvStates, BadInputIsRefused) {
  hooks::AttentionRecord record;
  EXPECT_EQ(hooks::kvRows(record, KvState::Value, 0, {0, 0}).error().code, Code::NotFound);
  record.k = viewOf(std::vector<float>(24), {2, 3, 4});
  record.kvHeads = 2, record.tokens = 3, record.headDim = 4;
  EXPECT_TRUE(hooks::kvRows(record, KvState::KeyAfterRope, 1, {0, 3}).ok());
  EXPECT_EQ(hooks::kvRows(record, KvState::KeyAfterRope, 2, {0, 3}).error().code, Code::BadInput);
  EXPECT_EQ(hooks::kvRows(record, KvState::KeyAfterRope, 0, {2, 4}).error().code, Code::BadInput);
  EXPECT_EQ(hooks::kvRows(record, KvState::KeyAfterRope, 0, {-1, 2}).error().code, Code::BadInput);
}

} // namespace
} // namespace orrery::models::test
