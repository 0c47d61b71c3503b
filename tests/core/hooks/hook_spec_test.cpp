// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>
#include <set>

#include "core/hooks/capture_plan.h"
#include "core/hooks/hook_spec.h"

namespace orrery::hooks {
namespace {

// The cache of a one-layer HookedTransformer as its own test pins it (test_cache_hook_names.py, without SoLU).
TEST(HookSpec, NamesInTheOrderOfTransformerLens) {
  const std::vector<std::string> pinned = {"hook_embed",
                                           "hook_pos_embed",
                                           "blocks.0.hook_resid_pre",
                                           "blocks.0.ln1.hook_scale",
                                           "blocks.0.ln1.hook_normalized",
                                           "blocks.0.attn.hook_q",
                                           "blocks.0.attn.hook_k",
                                           "blocks.0.attn.hook_v",
                                           "blocks.0.attn.hook_attn_scores",
                                           "blocks.0.attn.hook_pattern",
                                           "blocks.0.attn.hook_z",
                                           "blocks.0.hook_attn_out",
                                           "blocks.0.hook_resid_mid",
                                           "blocks.0.ln2.hook_scale",
                                           "blocks.0.ln2.hook_normalized",
                                           "blocks.0.mlp.hook_pre",
                                           "blocks.0.mlp.hook_post",
                                           "blocks.0.hook_mlp_out",
                                           "blocks.0.hook_resid_post",
                                           "ln_final.hook_scale",
                                           "ln_final.hook_normalized",
                                           "unembed.hook_in",
                                           "unembed.hook_out"};
  CapturePlan plan;
  for (const std::string& name : pinned) {
    const auto id = hookFromName(name);
    ASSERT_TRUE(id) << name;
    EXPECT_EQ(hookName(*id), name);
    plan.add(*id);
  }
  std::vector<std::string> order;
  for (const HookId id : plan.hooks()) order.push_back(hookName(id));
  EXPECT_EQ(order, pinned);
}

TEST(HookSpec, EveryKindHasANameAMeaningAndAWayBack) {
  std::set<std::string> names;
  for (const HookKindRow& entry : hookTable()) {
    const HookId id{entry.kind, isPerLayer(entry.kind) ? 17 : -1};
    const HookSpec spec = hookSpec(id);
    EXPECT_TRUE(names.insert(spec.name).second) << spec.name;
    EXPECT_EQ(hookFromName(spec.name), id) << spec.name;
    EXPECT_FALSE(spec.meaning.empty() || spec.unit.empty()) << spec.name;
  }
  EXPECT_EQ(names.size(), static_cast<std::size_t>(kHookKinds));
}

TEST(HookSpec, ForeignNamesAreRefused) {
  for (const char* name :
       {"", "hook_q", "blocks.", "blocks.0", "blocks.0.", "blocks.x.attn.hook_q", "blocks.-1.attn.hook_q",
        "blocks.01.attn.hook_q", "blocks.1024.attn.hook_q", "blocks.99999999999999999999.attn.hook_q",
        "blocks.0.hook_embed", "hook_resid_pre", "blocks.0.attn.hook_q ", "blocks.0.attn.hook_attn_input"})
    EXPECT_FALSE(hookFromName(name)) << name;
}

// Right column: transformer_lens.utils.get_act_name of the left (resid_post2 is ours, TL packs only plain letters).
TEST(HookSpec, ShortNames) {
  const std::pair<const char*, const char*> pairs[] = {{"q3", "blocks.3.attn.hook_q"},
                                                       {"k6", "blocks.6.attn.hook_k"},
                                                       {"pattern5", "blocks.5.attn.hook_pattern"},
                                                       {"attn4", "blocks.4.attn.hook_pattern"},
                                                       {"scale4ln1", "blocks.4.ln1.hook_scale"},
                                                       {"normalized0ln2", "blocks.0.ln2.hook_normalized"},
                                                       {"pre5", "blocks.5.mlp.hook_pre"},
                                                       {"mlp_post2", "blocks.2.mlp.hook_post"},
                                                       {"key1", "blocks.1.attn.hook_k"},
                                                       {"attn_logits7", "blocks.7.attn.hook_attn_scores"},
                                                       {"resid_post2", "blocks.2.hook_resid_post"},
                                                       {"resid_mid2b", "blocks.2.hook_resid_mid"},
                                                       {"rot_q0", "blocks.0.attn.hook_rot_q"},
                                                       {"q3a", "blocks.3.attn.hook_q"},
                                                       {"embed", "hook_embed"},
                                                       {"scale", "ln_final.hook_scale"},
                                                       {"blocks.1.hook_mlp_out", "blocks.1.hook_mlp_out"}};
  for (const auto& [text, name] : pairs) {
    const auto id = hookFromShortName(text);
    ASSERT_TRUE(id) << text;
    EXPECT_EQ(hookName(*id), name);
  }
  for (const char* text : {"", "q", "mid5", "scale4", "q3x5", "embed0", "q4096", "7"})
    EXPECT_EQ(hookFromShortName(text).has_value(), std::string(text) == "q3x5") << text;
}

TEST(HookSpec, ShapesByNamedDims) {
  const Dims dims{
      .layers = 2, .heads = 6, .kvHeads = 2, .headDim = 8, .model = 48, .mlp = 96, .vocab = 100, .context = 64};
  const auto shape = [&](const char* name) { return hookShape(*hookFromShortName(name), dims, 5); };
  EXPECT_EQ(shape("q0"), (Shape{1, 5, 6, 8}));
  EXPECT_EQ(shape("v1"), (Shape{1, 5, 2, 8}));
  EXPECT_EQ(shape("pattern0"), (Shape{1, 6, 5, 5}));
  EXPECT_EQ(shape("result0"), (Shape{1, 5, 6, 48}));
  EXPECT_EQ(shape("scale0ln1"), (Shape{1, 5, 1}));
  EXPECT_EQ(shape("post1"), (Shape{1, 5, 96}));
  EXPECT_EQ(shape("unembed.hook_out"), (Shape{1, 5, 100}));
  EXPECT_EQ(hookSpec(*hookFromShortName("pattern0")).dims, (std::vector<std::string>{"B", "H", "Tq", "Tk"}));
}

TEST(HookSpec, GlobsAndShortNamesSelect) {
  std::vector<HookSpec> available;
  for (const char* name : {"hook_embed", "blocks.0.attn.hook_q", "blocks.1.attn.hook_q", "blocks.11.attn.hook_q",
                           "blocks.1.attn.hook_k", "ln_final.hook_scale", "ln_final.hook_normalized"})
    available.push_back(hookSpec(*hookFromName(name)));
  const auto chosen = [&](const char* globs) {
    std::string names;
    for (const HookId id : selectHooks(available, globs)) names += hookName(id) + " ";
    return names;
  };
  EXPECT_EQ(chosen("blocks.?.attn.hook_q"), "blocks.0.attn.hook_q blocks.1.attn.hook_q ");
  EXPECT_EQ(chosen("ln_final*, blocks.*.attn.hook_q"),
            "blocks.0.attn.hook_q blocks.1.attn.hook_q blocks.11.attn.hook_q ln_final.hook_scale "
            "ln_final.hook_normalized ");
  EXPECT_EQ(chosen("k1,q11,k1"), "blocks.11.attn.hook_q blocks.1.attn.hook_k ");
  EXPECT_EQ(chosen(""), "");
  EXPECT_EQ(chosen(" , ,"), "");
  EXPECT_EQ(chosen("*q"), "blocks.0.attn.hook_q blocks.1.attn.hook_q blocks.11.attn.hook_q ");
  EXPECT_EQ(chosen("nothing*"), "");
  EXPECT_EQ(chosen("*a*a*a*a*a*a*a*a*a*a*a*a*a*b"), "");
}

TEST(CapturePlan, AddRemoveAndLastLayer) {
  CapturePlan plan;
  EXPECT_FALSE(plan.wantsAny());
  const HookId last{HookKind::ResidPost, kMaxLayers - 1}, final{HookKind::UnembedOut, -1};
  plan.add(last);
  plan.add(final);
  EXPECT_TRUE(plan.wants(last));
  EXPECT_FALSE(plan.wants({HookKind::ResidPost, kMaxLayers - 2}));
  EXPECT_EQ(plan.hooks(), (std::vector<HookId>{last, final}));
  plan.remove(last);
  EXPECT_EQ(plan.hooks(), (std::vector<HookId>{final}));
}

} // namespace
} // namespace orrery::hooks
