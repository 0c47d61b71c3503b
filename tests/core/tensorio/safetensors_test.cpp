// SPDX-License-Identifier: MIT
// The reader against files written by the Python package (data/make.py) and against malformed ones.
#include "core/tensorio/safetensors.h"
#include "core/tensorio/tensor_file.h"

#include <cmath>
#include <cstring>
#include <gtest/gtest.h>

#include "core/base/json.h"
#include "tests/core/tensorio/scratch.h"

namespace orrery::tensorio {
namespace {

using testkit::Scratch;
using testkit::writeText;

const std::string kData = ORRERY_SOURCE_DIR "/tests/core/tensorio/data/";
const std::string kOracles = ORRERY_SOURCE_DIR "/../shared/oracles/";

// A file of `header` and `dataBytes` zero bytes.
std::string fileOf(const std::string& header, std::size_t dataBytes) {
  const std::uint64_t length = header.size();
  std::string file(8, '\0');
  std::memcpy(file.data(), &length, 8);
  return file + header + std::string(dataBytes, '\0');
}

Result<SafetensorsHeader> parse(const std::string& file) {
  return parseSafetensors(std::as_bytes(std::span(file)), "memory");
}

std::string refusal(const std::string& header, std::size_t dataBytes) {
  auto parsed = parse(fileOf(header, dataBytes));
  return parsed ? "accepted" : parsed.error().message();
}

TEST(Safetensors, EveryDtypeHasTheValuesThatTorchWrote) {
  auto file = openTensors(kData + "dtypes.safetensors");
  ASSERT_TRUE(file) << file.error().message();
  auto truth = readJsonFile(kData + "dtypes.json");
  ASSERT_TRUE(truth);
  EXPECT_EQ(file->tensors().size(), truth->size());
  for (const auto& [name, values] : truth->items()) {
    auto view = file->view(name);
    ASSERT_TRUE(view) << view.error().message();
    EXPECT_EQ(toDoubles(*view), values.get<std::vector<double>>()) << name;
    auto copy = file->load(name);
    ASSERT_TRUE(copy) << copy.error().message();
    EXPECT_EQ(toDoubles(*copy), toDoubles(*view)) << name;
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(view->data) % byteSize(view->dtype), 0u) << name;
  }
  EXPECT_EQ(file->find("F16")->shape, (Shape{2, 3}));
  EXPECT_EQ(file->find("scalar")->shape, Shape{});
  EXPECT_EQ(file->find("empty")->shape, (Shape{0, 5}));
  EXPECT_EQ(file->description(), (Json{{"format", "pt"}, {"note", "grüße"}}));
  EXPECT_EQ(file->find("absent"), nullptr);
  EXPECT_EQ(file->view("absent").error().code, Code::NotFound);
  EXPECT_EQ(file->load("absent").error().code, Code::NotFound);
}

TEST(Safetensors, UnalignedDataIsCopiedToAnAlignedPlace) {
  std::string header = R"({"a":{"dtype":"F64","shape":[1],"data_offsets":[0,8]}})";
  while (header.size() % 8 != 3) header += ' ';
  std::string bytes = fileOf(header, 8);
  const double value = 0.1;
  std::memcpy(bytes.data() + bytes.size() - 8, &value, 8);
  Scratch scratch;
  writeText(scratch / "x.safetensors", bytes);
  auto file = openTensors(scratch / "x.safetensors");
  ASSERT_TRUE(file) << file.error().message();
  auto view = file->view("a");
  ASSERT_TRUE(view);
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(view->data) % 8, 0u);
  EXPECT_EQ(*view->as<double>(), value);
}

TEST(Safetensors, RefusesEachFaultWithItsOwnSentence) {
  const auto one = [](const std::string& dtype, const std::string& shape, const std::string& offsets) {
    return R"({"a":{"dtype":")" + dtype + R"(","shape":)" + shape + R"(,"data_offsets":)" + offsets + "}}";
  };
  const struct {
    std::string header;
    std::size_t data;
    std::string sentence; // a part of it
  } cases[] = {
      {"", 0, "does not begin with '{'"},
      {" {}", 0, "does not begin with '{'"},
      {"[]", 0, "does not begin with '{'"},
      {"{", 0, "not valid JSON"},
      {"{}", 4, "tensors take 0 bytes of data, the file has 4"},
      {R"({"a":3})", 0, "is not described by an object"},
      {R"({"a":{}})", 0, "has no dtype"},
      {one("F33", "[1]", "[0,4]"), 4, "unknown dtype \"F33\""},
      {one("F32", "3", "[0,4]"), 4, "has no shape"},
      {one("F32", "[-1]", "[0,4]"), 4, "size -1 in its shape"},
      {one("F32", "[1.0]", "[0,4]"), 4, "size 1.0 in its shape"},
      {one("F32", "[18446744073709551615]", "[0,4]"), 4, "is not a size"},
      {one("F32", "[4294967296,4294967296]", "[0,4]"), 4, "overflows"},
      {one("F32", "[0,4294967296,4294967296]", "[0,0]"), 0, "overflows"},
      {one("F64", "[4611686018427387904]", "[0,4]"), 4, "overflows"},
      {one("F32", "[1]", "[0]"), 4, "not two non-negative integers"},
      {one("F32", "[1]", "[-4,0]"), 4, "not two non-negative integers"},
      {one("F32", "[1]", "[4,0]"), 4, "lie outside the 4 bytes"},
      {one("F32", "[2]", "[0,8]"), 4, "data_offsets [0, 8] lie outside the 4 bytes"},
      {one("F32", "[2]", "[0,4]"), 4, "F32 [2] needs 8 bytes, data_offsets [0, 4] give 4"},
      {one("F32", "[1]", "[4,8]"), 8, "leaves a hole"},
      {one("F32", "[1]", "[0,4]"), 8, "tensors take 4 bytes of data, the file has 8"},
      {R"({"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]},"b":{"dtype":"U8","shape":[4],"data_offsets":[2,6]}})",
       6, "tensor \"b\": overlaps"},
      {R"({"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}})",
       1, "key \"a\" stands twice"},
      {R"({"__metadata__":{"x":1}})", 0, "__metadata__ entry \"x\" is not a string"},
      {R"({"__metadata__":[]})", 0, "__metadata__ is not an object"},
  };
  for (const auto& c : cases)
    EXPECT_NE(refusal(c.header, c.data).find(c.sentence), std::string::npos)
        << c.header << "\n -> " << refusal(c.header, c.data) << "\n expected: " << c.sentence;
  std::string many = "[1";
  for (std::size_t i = 0; i < kMaxDimensions; ++i) many += ",1";
  EXPECT_NE(refusal(one("U8", many + "]", "[0,1]"), 1).find("dimensions"), std::string::npos);
}

TEST(Safetensors, AcceptsWhatTheReferenceReaderAccepts) {
  EXPECT_EQ(refusal("{}", 0), "accepted");
  EXPECT_EQ(refusal("{}   \n", 0), "accepted");
  EXPECT_EQ(refusal(R"({"__metadata__":null})", 0), "accepted");
  EXPECT_EQ(refusal(R"({"a":{"dtype":"U8","shape":[],"data_offsets":[0,1],"more":1}})", 1), "accepted");
  EXPECT_EQ(refusal(R"({"a":{"dtype":"U8","shape":[0],"data_offsets":[1,1]},
                        "b":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}})",
                    1),
            "accepted");
}

TEST(Safetensors, LengthFieldIsCheckedBeforeUse) {
  EXPECT_FALSE(parse(""));
  EXPECT_FALSE(parse("1234567"));
  EXPECT_FALSE(parse(std::string(8, '\xff')));
  std::string file = fileOf("{}", 0);
  EXPECT_TRUE(parse(file));
  file[0] = 3;
  EXPECT_EQ(parse(file).error().what, "header of 3 bytes does not fit into the file of 10 bytes");
}

TEST(Safetensors, HeaderAboveTheLimitIsRefusedByNumber) {
  Scratch scratch;
  const std::string path = scratch / "big.safetensors";
  const std::uint64_t length = kMaxSafetensorsHeader + 1;
  writeText(path, std::string(reinterpret_cast<const char*>(&length), 8));
  std::filesystem::resize_file(path, length + 8); // sparse
  auto file = openTensors(path);
  ASSERT_FALSE(file);
  EXPECT_EQ(file.error().code, Code::TooLarge);
  EXPECT_NE(file.error().what.find("100000001"), std::string::npos);
}

TEST(TensorFiles, ShardsAreJoinedByTheIndexFromFolderAndFromFile) {
  for (const char* name : {"sharded", "sharded/model.safetensors.index.json"}) {
    auto file = openTensors(kData + name);
    ASSERT_TRUE(file) << file.error().message();
    EXPECT_EQ(file->shards().size(), 2u);
    ASSERT_EQ(file->tensors().size(), 3u);
    EXPECT_TRUE(file->warnings().empty());
    EXPECT_EQ(toFloats(*file->view("a")), (std::vector<float>{0, 1, 2, 3, 4, 5}));
    EXPECT_EQ(toFloats(*file->load("c")), (std::vector<float>{0, 1, 2, 3, 4}));
    EXPECT_EQ(file->find("c")->file, 1u);
    EXPECT_TRUE(file->verifyUnchanged());
  }
}

class Folder : public ::testing::Test {
protected:
  void SetUp() override { std::filesystem::copy(kData + "sharded", scratch.path()); }
  std::string message() {
    auto file = openTensors(scratch.path().string());
    return file ? "opened" : file.error().message();
  }
  void index(const std::string& json) { writeText(scratch / "model.safetensors.index.json", json); }
  Scratch scratch;
};

TEST_F(Folder, MissingShardIsNamed) {
  std::filesystem::remove(scratch / "model-00002-of-00002.safetensors");
  EXPECT_NE(message().find("names the shard \"model-00002-of-00002.safetensors\", which is not there"),
            std::string::npos)
      << message();
}

TEST_F(Folder, TensorAbsentInItsShardIsNamed) {
  index(R"({"weight_map":{"zz":"model-00001-of-00002.safetensors"}})");
  EXPECT_NE(message().find("places tensor \"zz\" in \"model-00001-of-00002.safetensors\""), std::string::npos);
}

TEST_F(Folder, ShardNamesMustBePlain) {
  for (const char* name : {"../x", "/etc/passwd", "..", ".", "", "a/b", "a\\\\b", "a\\u0000b"})
    for (const std::string& text : {R"({"weight_map":{"a":")" + std::string(name) + R"("}})"}) {
      index(text);
      EXPECT_NE(message().find("expected a plain file name"), std::string::npos) << name << ": " << message();
    }
  for (const char* text : {"{}", "[]", "3", R"({"weight_map":{}})", R"({"weight_map":[]})"}) {
    index(text);
    EXPECT_NE(message().find("no \"weight_map\""), std::string::npos) << text << ": " << message();
  }
  index(R"({"weight_map":{"a":1}})");
  EXPECT_NE(message().find("no file name for tensor \"a\""), std::string::npos);
}

TEST_F(Folder, UnlistedTensorIsKeptWithAWarning) {
  index(R"({"weight_map":{"a":"model-00001-of-00002.safetensors"}})");
  auto file = openTensors(scratch.path().string());
  ASSERT_TRUE(file);
  EXPECT_NE(file->find("b"), nullptr);
  ASSERT_EQ(file->warnings().size(), 1u);
  EXPECT_NE(file->warnings()[0].find("\"b\""), std::string::npos);
}

TEST_F(Folder, TensorInTwoShardsCountsWhereTheIndexSays) {
  std::filesystem::copy_file(scratch / "model-00001-of-00002.safetensors", scratch / "copy.safetensors");
  index(R"({"weight_map":{"a":"model-00001-of-00002.safetensors","b":"copy.safetensors"}})");
  auto file = openTensors(scratch.path().string());
  ASSERT_TRUE(file) << file.error().message();
  EXPECT_EQ(file->warnings().size(), 2u);
  EXPECT_EQ(file->shards()[file->find("a")->file].path(), scratch / "model-00001-of-00002.safetensors");
  EXPECT_EQ(file->shards()[file->find("b")->file].path(), scratch / "copy.safetensors");
}

TEST_F(Folder, TensorInTwoShardsThatTheIndexDoesNotListIsRefused) {
  const std::string common = R"("b":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}})";
  writeText(scratch / "one", fileOf(R"({"x":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},)" + common, 2));
  writeText(scratch / "two", fileOf(R"({"y":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},)" + common, 2));
  index(R"({"weight_map":{"x":"one","y":"two"}})");
  EXPECT_NE(message().find("tensor \"b\" stands in two shards and the index does not list it"), std::string::npos)
      << message();
}

TEST_F(Folder, WithoutIndexTheOnlyFileIsTaken) {
  std::filesystem::remove(scratch / "model.safetensors.index.json");
  EXPECT_NE(message().find("2 *.safetensors but none of"), std::string::npos);
  std::filesystem::remove(scratch / "model-00001-of-00002.safetensors");
  auto file = openTensors(scratch.path().string());
  ASSERT_TRUE(file);
  EXPECT_NE(file->find("c"), nullptr);
  std::filesystem::remove(scratch / "model-00002-of-00002.safetensors");
  EXPECT_NE(message().find("no *.safetensors"), std::string::npos);
}

TEST_F(Folder, UnknownAndAbsentFilesAreRefused) {
  EXPECT_EQ(openTensors(scratch / "nothing").error().code, Code::NotFound);
  EXPECT_EQ(openTensors(scratch / "nothing.safetensors").error().code, Code::NotFound);
  writeText(scratch / "x.xyz", "?");
  EXPECT_EQ(openTensors(scratch / "x.xyz").error().code, Code::Unsupported);
}

TEST(Hostile, EveryItemLoadsOrIsRefusedAsExpected) {
  const std::string root = kOracles + "hostile/";
  if (!std::filesystem::exists(root)) GTEST_SKIP() << "runs where the reference data lies beside the source folder";
  auto expected = readJsonFile(root + "expected.json");
  ASSERT_TRUE(expected);
  int seen = 0;
  for (const auto& [item, entry] : expected->items()) {
    if (!item.starts_with("safetensors/")) continue;
    const bool loads = entry["expect"] == "load";
    auto file = openTensors(root + item);
    EXPECT_EQ(file.ok(), loads) << item;
    if (!file) std::cout << file.error().message().substr(root.size()) << "\n";
    ++seen;
  }
  EXPECT_EQ(seen, 13);
  auto ok = openTensors(root + "safetensors/ok.safetensors");
  ASSERT_TRUE(ok);
  EXPECT_EQ(toFloats(*ok->view("a")), (std::vector<float>{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}));
  EXPECT_EQ(ok->find("a")->shape, (Shape{3, 4}));
}

TEST(Hostile, FoldersOpenUnlessTheirTensorsAreWrong) {
  const std::string root = kOracles + "hostile/folders/";
  if (!std::filesystem::exists(root)) GTEST_SKIP() << "runs where the reference data lies beside the source folder";
  for (const auto& entry : std::filesystem::directory_iterator(root)) {
    auto file = openTensors(entry.path().string());
    EXPECT_EQ(file.ok(), entry.path().filename() != "index_missing_shard") << entry.path();
    if (!file) {
      EXPECT_NE(file.error().what.find("which is not there"), std::string::npos) << file.error().what;
    }
  }
}

TEST(Oracles, EveryModelOpensAndIsReadWhole) {
  const std::string root = kOracles + "models/";
  if (!std::filesystem::exists(root)) GTEST_SKIP() << "runs where the reference data lies beside the source folder";
  for (const auto& folder : std::filesystem::directory_iterator(root))
    for (const char* name : {"model.safetensors", "reference.safetensors", "tl_cache.safetensors"}) {
      const auto path = folder.path() / name;
      if (!std::filesystem::exists(path)) continue;
      auto file = openTensors(path.string());
      ASSERT_TRUE(file) << file.error().message();
      std::size_t bytes = 0;
      for (const TensorInfo& info : file->tensors()) {
        auto view = file->view(info.name), copy = file->load(info.name);
        ASSERT_TRUE(view && copy) << info.name;
        EXPECT_EQ(std::memcmp(view->data, copy->data, info.bytes), 0) << info.name;
        bytes += info.bytes;
      }
      EXPECT_LT(bytes, file->bytes());
      EXPECT_GT(bytes, 0u);
    }
}

} // namespace
} // namespace orrery::tensorio
