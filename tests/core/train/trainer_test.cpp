// SPDX-License-Identifier: MIT
#include "core/train/trainer.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <filesystem>
#include <sstream>

#include "core/base/file.h"
#include "core/base/json.h"
#include "core/models/decoder.h"
#include "core/tokenize/tokenizer.h"

using namespace orrery;
using namespace orrery::train;
namespace fs = std::filesystem;

namespace {

class TrainerTest : public testing::Test {
protected:
  void SetUp() override {
    const std::string name = testing::UnitTest::GetInstance()->current_test_info()->name();
    m_folder = fs::temp_directory_path() / ("orrery-train-" + name + "-" + std::to_string(::getpid()));
    fs::create_directory(m_folder);
  }
  void TearDown() override { fs::remove_all(m_folder); }

  std::string out(const std::string& name) const { return (m_folder / name).string(); }
  bool folderIsEmpty() const { return fs::is_empty(m_folder); }

  fs::path m_folder;
};

TrainSpec tinySpec() {
  TrainSpec spec;
  spec.model = {.layers = 1, .heads = 2, .kvHeads = 1, .model = 16, .mlp = 32, .vocab = 300, .context = 64};
  spec.data.bytes = 30000;
  spec.stages = {{20, 16, 8}, {20, 32, 4}};
  spec.optimizer.warmUp = 5;
  return spec;
}

std::string bytesOf(const std::string& path) {
  auto text = readFile(path, 1 << 24);
  return text ? *text : "unreadable: " + text.error().what;
}

std::vector<double> lossesOf(const std::string& folder) {
  std::vector<double> losses;
  std::istringstream in(bytesOf(folder + "/train_log.jsonl"));
  for (std::string line; std::getline(in, line);) losses.push_back(Json::parse(line).at("loss").get<double>());
  return losses;
}

} // namespace

TEST_F(TrainerTest, writesAFolderThatLoadsAndHasLearnt) {
  int steps = 0;
  double lastLeft = -1;
  const auto result =
      train::train(tinySpec(), out("model"), {.threads = 1, .stop = {}, .progress = [&](const TrainProgress& now) {
                                                steps += now.step > 0;
                                                if (now.step > 0) lastLeft = now.secondsLeft;
                                              }});
  ASSERT_TRUE(result) << result.error().message();
  EXPECT_EQ(steps, 40);
  EXPECT_EQ(lastLeft, 0);
  for (const char* name : {"config.json", "generation_config.json", "model.safetensors", "tokenizer.json",
                           "tokenizer_config.json", "train_spec.json", "train_log.jsonl", "train.h5", "README.md"})
    EXPECT_TRUE(fs::exists(m_folder / "model" / name)) << name;
  const auto losses = lossesOf(out("model"));
  ASSERT_EQ(losses.size(), 40u);
  std::printf("loss %.3f to %.3f, held out %.3f, %llu parameters\n", losses.front(), losses.back(), result->heldOutLoss,
              static_cast<unsigned long long>(result->parameters));
  EXPECT_LT(result->loss, losses.front() - 0.1);
  const auto decoder = models::loadDecoder(out("model"));
  ASSERT_TRUE(decoder) << decoder.error().message();
  EXPECT_EQ((*decoder)->config().vocab, 300);
  EXPECT_EQ((*decoder)->parameters(), result->parameters);
  EXPECT_TRUE(tokenize::Tokenizer::fromFile(out("model/tokenizer.json")));
  const auto again = readTrainSpec(out("model/train_spec.json"), "");
  ASSERT_TRUE(again) << again.error().message();
  EXPECT_EQ(trainSpecJson(*again), trainSpecJson(tinySpec()));
}

TEST_F(TrainerTest, sameSeedSameBytes) {
  TrainSpec spec = tinySpec();
  spec.stages = {{8, 16, 4}};
  ASSERT_TRUE(train::train(spec, out("a"), {.threads = 1, .stop = {}, .progress = {}}));
  ASSERT_TRUE(train::train(spec, out("b"), {.threads = 1, .stop = {}, .progress = {}}));
  spec.init.seed = 1;
  ASSERT_TRUE(train::train(spec, out("c"), {.threads = 1, .stop = {}, .progress = {}}));
  const std::string a = bytesOf(out("a/model.safetensors"));
  EXPECT_GT(a.size(), 1000u);
  EXPECT_TRUE(a == bytesOf(out("b/model.safetensors")));
  EXPECT_FALSE(a == bytesOf(out("c/model.safetensors")));
}

TEST_F(TrainerTest, stopLeavesNothingBehind) {
  std::stop_source stop;
  const auto result = train::train(tinySpec(), out("model"),
                                   {.threads = 1, .stop = stop.get_token(), .progress = [&](const TrainProgress& now) {
                                      if (now.step == 3) stop.request_stop();
                                    }});
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, Code::Cancelled);
  EXPECT_TRUE(folderIsEmpty());
}

TEST_F(TrainerTest, aLossThatIsNoNumberStopsWithASentence) {
  TrainSpec spec = tinySpec();
  spec.optimizer.lr = spec.optimizer.finalLr = 1e6;
  spec.optimizer.weightDecay = 1000; // every step multiplies the weights by -1e9
  spec.optimizer.warmUp = 0;
  const auto result = train::train(spec, out("model"), {.threads = 1, .stop = {}, .progress = {}});
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().what.find("training diverged: the "), 0u) << result.error().what;
  EXPECT_NE(result.error().what.find("is not finite (learning rate 1000000.0)"), std::string::npos)
      << result.error().what;
  EXPECT_TRUE(folderIsEmpty());
}

TEST_F(TrainerTest, aFullDiskLeavesNothingBehind) {
  TrainSpec spec = tinySpec();
  spec.stages = {{1, 16, 1}};
  rlimit before{};
  ::getrlimit(RLIMIT_FSIZE, &before);
  const auto handler = std::signal(SIGXFSZ, SIG_IGN);
  const rlimit small{4096, before.rlim_max}; // longer files: EFBIG, which reads like ENOSPC to the writer
  ::setrlimit(RLIMIT_FSIZE, &small);
  const auto result = train::train(spec, out("model"), {.threads = 1, .stop = {}, .progress = {}});
  ::setrlimit(RLIMIT_FSIZE, &before);
  std::signal(SIGXFSZ, handler);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, Code::Io) << result.error().message();
  EXPECT_TRUE(folderIsEmpty());
}

TEST_F(TrainerTest, badTargetsAndAbsurdSizesAreRefusedBeforeTraining) {
  ASSERT_TRUE(writeFileAtomically(out("file"), "x"));
  const auto onFile = train::train(tinySpec(), out("file"));
  ASSERT_FALSE(onFile);
  EXPECT_EQ(onFile.error().code, Code::BadInput);
  EXPECT_EQ(bytesOf(out("file")), "x");
  const auto nowhere = train::train(tinySpec(), out("no/such/place"));
  ASSERT_FALSE(nowhere);
  EXPECT_EQ(nowhere.error().code, Code::NotFound);
  TrainSpec huge = tinySpec();
  huge.model.vocab = 65536;
  huge.stages = {{1, 64, 1 << 18}};
  const auto large = train::train(huge, out("huge"));
  ASSERT_FALSE(large);
  EXPECT_EQ(large.error().code, Code::TooLarge);
  EXPECT_EQ(large.error().what.find("a training step would take about "), 0u) << large.error().what;
  TrainSpec words = tinySpec();
  words.model.vocab = 60000;
  words.data.bytes = 2000;
  words.stages = {{1, 2, 1}};
  const auto few = train::train(words, out("few"));
  ASSERT_FALSE(few);
  EXPECT_EQ(few.error().what.find("model.vocab: the text gives a vocabulary of at most "), 0u) << few.error().what;
}
