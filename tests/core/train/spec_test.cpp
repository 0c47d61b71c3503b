// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include <cmath>
#include <cstdio>

#include "core/train/spec.h"

using namespace orrery;
using namespace orrery::train;

namespace {

std::string refusal(const std::string& text) {
  const auto json = parseJson(text, "spec.json");
  if (!json) return "not JSON";
  const auto spec = parseTrainSpec(*json, "spec.json");
  return spec ? "accepted" : spec.error().message();
}

TrainSpec withStages(std::vector<Stage> stages) {
  TrainSpec spec;
  spec.stages = std::move(stages);
  return spec;
}

} // namespace

TEST(TrainSpec, whatIsWrittenReadsBackAsTheSame) {
  TrainSpec spec = withStages({{10, 64, 8}, {20, 128, 4}});
  spec.model.layers = 3;
  spec.model.kvHeads = 2;
  spec.data.mix.copy = 0.125;
  spec.optimizer.lr = 0.0021;
  spec.init.seed = 18446744073709551615u;
  spec.stored = DType::BF16;
  const Json json = trainSpecJson(spec);
  const auto back = parseTrainSpec(json, "spec.json");
  ASSERT_TRUE(back) << back.error().message();
  EXPECT_EQ(trainSpecJson(*back), json);
  EXPECT_EQ(back->stages.size(), 2u);
  EXPECT_EQ(back->init.seed, spec.init.seed);
}

TEST(TrainSpec, everythingHasADefault) { EXPECT_EQ(refusal("{}"), "accepted"); }

TEST(TrainSpec, theBundledPresetIsValid) {
  const auto spec = readTrainSpec("bundled", ORRERY_SOURCE_DIR "/assets/presets");
  ASSERT_TRUE(spec) << spec.error().message();
  EXPECT_GE(spec->model.context, 512);
  const auto unknown = readTrainSpec("bundel", ORRERY_SOURCE_DIR "/assets/presets");
  ASSERT_FALSE(unknown);
  EXPECT_NE(unknown.error().message().find("bundel: no such spec or preset (presets: bundled"), std::string::npos)
      << unknown.error().message();
}

TEST(TrainSpec, wrongInputIsRefusedByName) {
  EXPECT_EQ(refusal(R"({"modle": {}})"), "spec.json: modle: unknown key");
  EXPECT_EQ(refusal(R"({"optimizer": {"momentum": 1}})"), "spec.json: optimizer.momentum: unknown key");
  EXPECT_EQ(refusal(R"({"data": {"mix": {"poem": 1}}})"), "spec.json: data.mix.poem: unknown key");
  EXPECT_EQ(refusal(R"({"stages": [{"steps": 5}, {"length": 9999}]})"),
            "spec.json: stages[1].length: expected an integer from 2 to 512, found \"9999\"");
  EXPECT_EQ(refusal(R"({"optimizer": {"lr": "big"}})").find("spec.json: optimizer.lr: expected a number"), 0u);
  EXPECT_EQ(refusal(R"({"optimizer": {"kind": "sgd"}})"),
            "spec.json: optimizer.kind: expected one of \"adamw\", found \"\"sgd\"\"");
  for (const char* text :
       {"[]", "3", R"({"model": 3})", R"({"stages": []})", R"({"stages": {}})", R"({"model": {"layers": 0}})",
        R"({"model": {"layers": 1e300}})", R"({"model": {"layers": 18446744073709551615}})",
        R"({"model": {"d_model": 100, "heads": 8}})", R"({"model": {"heads": 8, "kv_heads": 3}})",
        R"({"model": {"vocab": 100}})", R"({"data": {"seed": -1}})", R"({"data": {"bytes": 1e18}})",
        R"({"data": {"repeated_tokens": 1.5}})", R"({"stages": [{"batch": 1000000000}]})", R"({"dtype": "int8"})",
        R"({"model": {"tied": 1}})", R"({"data": {"kind": "file"}})"}) {
    const std::string sentence = refusal(text);
    EXPECT_EQ(sentence.find("spec.json: "), 0u) << text << " gave: " << sentence;
  }
}

TEST(TrainSpec, cosineAfterWarmUp) {
  TrainSpec spec = withStages({{101, 8, 1}});
  spec.optimizer.lr = 1;
  spec.optimizer.finalLr = 0.1;
  spec.optimizer.warmUp = 10;
  EXPECT_DOUBLE_EQ(spec.learningRate(0), 0.1);
  EXPECT_DOUBLE_EQ(spec.learningRate(9), 1);
  EXPECT_DOUBLE_EQ(spec.learningRate(10), 1);
  EXPECT_NEAR(spec.learningRate(55), 0.55, 1e-12); // half way
  EXPECT_NEAR(spec.learningRate(100), 0.1, 1e-12);
}

TEST(TrainSpec, stagesFollowOneAnotherAndScale) {
  TrainSpec spec = withStages({{300, 8, 1}, {600, 16, 1}, {100, 32, 1}});
  EXPECT_EQ(spec.steps(), 1000);
  EXPECT_EQ(spec.stageOf(299).length, 8);
  EXPECT_EQ(spec.stageOf(300).length, 16);
  EXPECT_EQ(spec.stageOf(999).length, 32);
  ASSERT_TRUE(spec.setSteps(10));
  EXPECT_EQ(spec.stages[0].steps, 3);
  EXPECT_EQ(spec.stages[1].steps, 6);
  EXPECT_EQ(spec.stages[2].steps, 1);
  for (std::int64_t steps : {3, 4, 7, 12345}) {
    ASSERT_TRUE(spec.setSteps(steps));
    EXPECT_EQ(spec.steps(), steps);
    for (const Stage& stage : spec.stages) EXPECT_GE(stage.steps, 1);
  }
  EXPECT_FALSE(spec.setSteps(2));
  EXPECT_FALSE(spec.setSteps(-1));
}
