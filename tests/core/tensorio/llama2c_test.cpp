// SPDX-License-Identifier: MIT
// The reader of llama2.c's model.bin against the values that went into the files (data/make_llama2c.py).
#include "core/tensorio/llama2c.h"

#include <cmath>
#include <cstring>
#include <filesystem>
#include <gtest/gtest.h>

#include "core/base/file.h"
#include "core/tensorio/tensor_file.h"
#include "tests/core/tensorio/scratch.h"

namespace orrery::tensorio {
namespace {

using testkit::Scratch;
using testkit::writeText;

const std::string kData = ORRERY_SOURCE_DIR "/tests/core/tensorio/data/llama2c/";
const std::string kOracles = ORRERY_SOURCE_DIR "/../shared/oracles/";

std::string refusal(const std::string& bytes) {
  auto contents = readLlama2c(ByteSource(std::as_bytes(std::span(bytes)), "memory"));
  return contents ? "loaded" : contents.error().what;
}

TEST(Llama2c, EveryTensorOfEveryVersionHasItsValues) {
  auto truth = openTensors(kData + "truth.safetensors");
  ASSERT_TRUE(truth);
  std::size_t tensors = 0;
  for (const char* name : {"v0_shared", "v0_unshared", "v1_shared", "v1_unshared", "v2_shared", "v2_unshared"}) {
    auto file = openTensors(kData + name + ".bin");
    ASSERT_TRUE(file) << file.error().message();
    for (const TensorInfo& info : file->tensors()) {
      auto expected = truth->load(std::string(name) + "/" + info.name), found = file->load(info.name);
      ASSERT_TRUE(expected && found) << name << " " << info.name;
      EXPECT_EQ(found->shape, expected->shape) << name << " " << info.name;
      EXPECT_EQ(toFloats(*found), toFloats(*expected)) << name << " " << info.name;
    }
    tensors += file->tensors().size();
  }
  EXPECT_EQ(tensors, truth->tensors().size());
  std::cout << tensors << " tensors equal (tolerance 0)\n";
}

TEST(Llama2c, ARangeOfInt8GroupsIsThatOfTheWhole) {
  auto file = openTensors(kData + "v2_shared.bin");
  ASSERT_TRUE(file);
  const TensorInfo& info = *file->find("tok_embeddings.weight");
  ASSERT_TRUE(info.encoding);
  EXPECT_EQ(info.encoding->name(), "int8 in groups of 4");
  EXPECT_EQ(info.bytes, 80u + 80u);
  const auto whole = toFloats(*file->load(info.name));
  for (std::int64_t first = 0; first < 80; first += 7) {
    auto part = file->loadRange(info, first, std::min<std::int64_t>(13, 80 - first));
    ASSERT_TRUE(part) << part.error().message();
    const auto values = toFloats(*part);
    EXPECT_TRUE(std::equal(values.begin(), values.end(), whole.begin() + first)) << first;
  }
}

TEST(Llama2c, Description) {
  EXPECT_EQ(openTensors(kData + "v0_unshared.bin")->description(),
            Json::parse(R"({"version": 0, "dim": 8, "hidden_dim": 12, "n_layers": 2, "n_heads": 4, "n_kv_heads": 2,
                            "vocab_size": 10, "max_seq_len": 6, "shared_classifier": false})"));
  EXPECT_EQ(openTensors(kData + "v2_shared.bin")->description(),
            Json::parse(R"({"version": 2, "dim": 8, "hidden_dim": 12, "n_layers": 2, "n_heads": 4, "n_kv_heads": 2,
                            "vocab_size": 10, "max_seq_len": 6, "shared_classifier": true, "group_size": 4})"));
}

// `bytes` with the int at `at` replaced.
std::string withInt(std::string bytes, std::size_t at, std::int32_t value) {
  std::memcpy(bytes.data() + at, &value, sizeof value);
  return bytes;
}

TEST(Llama2c, RefusesInOneSentence) {
  const std::string v0 = *readFile(kData + "v0_shared.bin", 1 << 20), v1 = *readFile(kData + "v1_shared.bin", 1 << 20);
  const std::string v2 = *readFile(kData + "v2_shared.bin", 1 << 20);
  const struct {
    std::string bytes, sentence;
  } cases[] = {
      {"", "0 bytes are no model.bin of llama2.c"},
      {v0.substr(0, 27), "27 bytes are no model.bin of llama2.c"},
      {v0 + "x", "its header makes 4396 bytes, the file has 4397"},
      {v0.substr(0, v0.size() - 1), "its header asks for more weights than the file has 4395 bytes for"},
      {withInt(v0, 0, -8), "dim would be -8"},
      {withInt(v0, 8, 0), "n_layers would be 0"},
      {withInt(v0, 8, 2000000000), "n_layers would be 2000000000"},
      {withInt(v0, 12, 3), "dim 8, n_heads 3 and n_kv_heads 2 do not divide each other"},
      {withInt(v0, 12, 8), "do not divide each other"}, // heads of one dimension have no rotary pairs
      {withInt(v0, 20, INT32_MIN), "asks for more weights"},
      {withInt(v0, 4, INT32_MAX), "asks for more weights"},
      {withInt(v1, 4, 3), "llama2.c version 3, expected 0, 1 or 2"},
      {v1.substr(0, 200), "the header of llama2.c is cut"},
      {withInt(v1, 36, 7), "the flag of the shared classifier is 7"},
      {withInt(v2, 37, 0), "group_size 0 does not divide"},
      {withInt(v2, 37, -4), "group_size -4 does not divide"},
      {withInt(v2, 37, 3), "group_size 3 does not divide"},
      {withInt(v2, 37, 2), "asks for more weights"}, // twice the scales
  };
  for (const auto& c : cases) EXPECT_NE(refusal(c.bytes).find(c.sentence), std::string::npos) << refusal(c.bytes);
}

TEST(Llama2c, ABinIsToldByWhatItHolds) {
  Scratch scratch;
  std::filesystem::copy_file(kData + "../torch/parameters.pt", scratch / "pytorch_model.bin");
  EXPECT_EQ(openTensors(scratch.path().string())->format(), "torch");
  std::filesystem::copy_file(kData + "v1_shared.bin", scratch / "model.bin");
  EXPECT_EQ(openTensors(scratch.path().string())->format(), "llama2.c");
  writeText(scratch / "other.bin", std::string(64, 'x'));
  EXPECT_NE(openTensors(scratch / "other.bin").error().what.find("no model.bin of llama2.c"), std::string::npos);
}

TEST(Llama2cOracles, ModelsLoadAndHostileFilesAreRefused) {
  if (!std::filesystem::exists(kOracles + "llama2c"))
    GTEST_SKIP() << "runs where ../shared/oracles lies beside the project";
  for (const int version : {0, 1, 2}) {
    auto file = openTensors(kOracles + "llama2c/v" + std::to_string(version));
    ASSERT_TRUE(file) << file.error().message();
    EXPECT_EQ(file->description().at("version"), version);
    EXPECT_EQ(file->find("layers.1.attention.wk.weight")->shape, (Shape{32, 64}));
  }
  // The tables of version 0 are cos and sin of position / 10000^(2 i / 16).
  auto file = openTensors(kOracles + "llama2c/v0");
  const auto cosine = toDoubles(*file->load("freq_cis_real"));
  double worst = 0;
  for (std::size_t i = 0; i < cosine.size(); ++i)
    worst = std::max(worst, std::abs(cosine[i] - std::cos(double(i / 8) * std::pow(10000.0, -double(i % 8) / 8))));
  std::cout << "freq_cis_real: largest difference " << worst << ", tolerance 1e-5\n";
  EXPECT_LT(worst, 1e-5);
  for (const char* name : {"negative_dim", "short", "header_cut", "tokenizer_cut"}) {
    auto refused = openTensors(kOracles + "hostile/llama2c/" + name + ".bin");
    ASSERT_FALSE(refused) << name;
    std::cout << name << ": " << refused.error().what << "\n";
  }
}

} // namespace
} // namespace orrery::tensorio
