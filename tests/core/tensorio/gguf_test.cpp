// SPDX-License-Identifier: MIT
// GGUF against the Python package gguf: data/gguf/make.py made the small files, ../shared/oracles holds larger ones.
#include "core/tensorio/gguf.h"

#include <bit>
#include <chrono>
#include <cmath>
#include <gtest/gtest.h>

#include "core/base/file.h"
#include "core/tensorio/statistics.h"
#include "tests/core/tensorio/scratch.h"

namespace orrery::tensorio {
namespace {

using testkit::Scratch;

const std::string kData = ORRERY_SOURCE_DIR "/tests/core/tensorio/data/gguf/";
const std::string kShared = ORRERY_SOURCE_DIR "/../shared/oracles/";

// Floats between a and b: 0 when equal bit for bit.
std::int64_t ulps(float a, float b) {
  const auto place = [](float x) {
    const auto bits = std::bit_cast<std::int32_t>(x);
    return static_cast<std::int64_t>(bits < 0 ? std::numeric_limits<std::int32_t>::min() - std::int64_t{bits} : bits);
  };
  return std::abs(place(a) - place(b));
}

std::int64_t largestUlps(const TensorView& found, const TensorView& expected) {
  EXPECT_EQ(found.elements(), expected.elements());
  const std::vector<float> a = toFloats(found), b = toFloats(expected);
  std::int64_t largest = 0;
  for (std::size_t i = 0; i < std::min(a.size(), b.size()); ++i) largest = std::max(largest, ulps(a[i], b[i]));
  return largest;
}

TEST(Gguf, EveryTensorTypeEqualsThePythonPackage) {
  auto file = openTensors(kData + "types.gguf");
  ASSERT_TRUE(file) << file.error().message();
  auto reference = openTensors(kData + "types.safetensors");
  ASSERT_TRUE(reference);
  EXPECT_EQ(file->tensors().size(), 32u);
  for (const TensorInfo& info : file->tensors()) {
    if (info.name != "cube") {
      EXPECT_EQ(typeName(info), info.name);
    }
    auto found = file->load(info.name), expected = reference->load(info.name);
    ASSERT_TRUE(found) << found.error().message();
    ASSERT_TRUE(expected);
    EXPECT_EQ(found->shape, expected->shape) << info.name;
    EXPECT_EQ(largestUlps(*found, *expected), 0) << info.name;
  }
}

TEST(Gguf, AnyRangeOfAnEncodedTensorIsWhatTheWholeHasThere) {
  auto file = openTensors(kData + "types.gguf");
  ASSERT_TRUE(file);
  for (const TensorInfo& info : file->tensors()) {
    const std::vector<float> whole = toFloats(*file->load(info.name));
    const auto all = static_cast<std::int64_t>(whole.size());
    for (std::int64_t first = 0; first < all; first += 1 + all / 7)
      for (std::int64_t count = 0; count <= all - first; count += 1 + all / 9) {
        auto part = file->loadRange(info, first, count);
        ASSERT_TRUE(part) << part.error().message();
        ASSERT_EQ(part->shape, Shape{count});
        EXPECT_EQ(toFloats(*part), std::vector<float>(whole.begin() + first, whole.begin() + first + count));
      }
    EXPECT_FALSE(file->loadRange(info, 0, all + 1));
    EXPECT_FALSE(file->loadRange(info, -1, 1));
    EXPECT_FALSE(file->loadRange(info, all, INT64_MAX));
  }
}

TEST(Gguf, StatisticsDecode) {
  auto file = openTensors(kData + "types.gguf");
  ASSERT_TRUE(file);
  for (const TensorInfo& info : file->tensors()) {
    auto onDisk = statistics(*file, info), inMemory = statistics(*file->load(info.name));
    ASSERT_TRUE(onDisk && inMemory);
    EXPECT_EQ(onDisk->mean, inMemory->mean) << info.name;
    EXPECT_EQ(onDisk->std, inMemory->std) << info.name;
    EXPECT_EQ(onDisk->elements, inMemory->elements) << info.name;
  }
}

TEST(Gguf, ValuesOfEveryTypeAndAnAlignmentOf64) {
  auto file = openTensors(kData + "values.gguf");
  ASSERT_TRUE(file) << file.error().message();
  const Json& d = file->description();
  EXPECT_EQ(d.at("general.architecture"), "test");
  EXPECT_EQ(d.at("general.alignment"), 64);
  EXPECT_EQ(d.at("test.uint8"), 255);
  EXPECT_EQ(d.at("test.int8"), -128);
  EXPECT_EQ(d.at("test.uint16"), 65535);
  EXPECT_EQ(d.at("test.int16"), -32768);
  EXPECT_EQ(d.at("test.uint32"), 4294967295u);
  EXPECT_EQ(d.at("test.int32"), std::int64_t{-2147483648});
  EXPECT_EQ(d.at("test.uint64"), UINT64_MAX);
  EXPECT_EQ(d.at("test.int64"), INT64_MIN);
  EXPECT_EQ(d.at("test.float32"), 0.25);
  EXPECT_EQ(d.at("test.float64"), 1e300);
  EXPECT_EQ(d.at("test.bool"), true);
  EXPECT_EQ(d.at("test.string"), "grüße");
  EXPECT_EQ(d.at("test.texts"), (Json{"a", "", "ç"}));
  EXPECT_EQ(d.at("test.floats"), (Json{0.5, -1.5}));
  EXPECT_EQ(d.at("test.bools"), (Json{true, false}));
  EXPECT_EQ(toDoubles(*file->load("b")), (std::vector<double>{0, 1, 2, 3, 4}));
  EXPECT_EQ(file->find("b")->begin % 64, 0u);
}

TEST(Gguf, AnyPartOfASplitModelOpensAll) {
  for (const char* part : {"split-00001-of-00002.gguf", "split-00002-of-00002.gguf"}) {
    auto file = openTensors(kData + part);
    ASSERT_TRUE(file) << file.error().message();
    ASSERT_EQ(file->tensors().size(), 3u);
    EXPECT_EQ(toDoubles(*file->load("a")), (std::vector<double>{97, 97}));
    EXPECT_EQ(toDoubles(*file->load("c")), (std::vector<double>{99, 99}));
  }
}

TEST(Gguf, AMissingPartIsNamed) {
  Scratch scratch;
  const auto part = scratch / "split-00001-of-00002.gguf";
  std::filesystem::copy_file(kData + "split-00001-of-00002.gguf", part);
  auto file = openTensors(part);
  ASSERT_FALSE(file);
  EXPECT_NE(file.error().what.find("split-00002-of-00002.gguf"), std::string::npos) << file.error().what;
  std::filesystem::copy_file(part, scratch / "other.gguf");
  EXPECT_NE(openTensors(scratch / "other.gguf").error().what.find("-00001-of-00002.gguf"), std::string::npos);
}

// A file written by hand.
class Writer {
public:
  explicit Writer(std::uint32_t version = 3) { m_bytes = "GGUF", number(version); }
  template <class T> Writer& number(T value) {
    m_bytes.append(reinterpret_cast<const char*>(&value), sizeof value);
    return *this;
  }
  Writer& counts(std::uint64_t tensors, std::uint64_t values) { return number(tensors).number(values); }
  Writer& text(const std::string& value) {
    number<std::uint64_t>(value.size()).m_bytes += value;
    return *this;
  }
  // One dimension, offset 0 unless said.
  Writer& tensor(const std::string& name, std::uint64_t size, std::uint32_t type, std::uint64_t offset = 0) {
    return text(name).number<std::uint32_t>(1).number(size).number(type).number(offset);
  }
  Writer& data(std::size_t bytes) {
    m_bytes.resize((m_bytes.size() + 31) / 32 * 32 + bytes);
    return *this;
  }
  Result<GgufHeader> parse() const { return parseGguf(std::as_bytes(std::span(m_bytes)), "memory"); }
  std::string refusal() const {
    auto parsed = parse();
    return parsed ? "accepted" : parsed.error().what;
  }
  const std::string& bytes() const { return m_bytes; }

private:
  std::string m_bytes;
};

TEST(Gguf, Version2AndNestedArraysAreRead) {
  Writer w(2);
  w.counts(1, 1).text("k").number<std::uint32_t>(9).number<std::uint32_t>(9).number<std::uint64_t>(2);
  for (const std::uint64_t count : {1, 2}) {
    w.number<std::uint32_t>(4).number(count);
    for (std::uint32_t i = 0; i < count; ++i) w.number(i + 7);
  }
  auto header = w.tensor("t", 4, 0).data(16).parse();
  ASSERT_TRUE(header) << header.error().what;
  EXPECT_EQ(header->version, 2u);
  EXPECT_EQ(header->values.at("k"), (Json{Json::array({7}), Json::array({7, 8})}));
  EXPECT_EQ(header->tensors.at(0).shape, Shape{4});
}

TEST(Gguf, EveryCutOfAFileIsRefused) {
  auto whole = readFile(kData + "values.gguf", 1 << 20);
  ASSERT_TRUE(whole);
  for (std::size_t size = 0; size < whole->size(); ++size) {
    auto parsed = parseGguf(std::as_bytes(std::span(*whole).first(size)), "memory");
    if (parsed) {
      EXPECT_GE(size + 64, whole->size()) << "accepted without its last tensor";
    } // padding at the end
  }
}

TEST(Gguf, RefusesEachFaultWithItsOwnSentence) {
  const auto tensors = [](std::uint64_t count) { return std::move(Writer().counts(count, 0)); };
  EXPECT_EQ(Writer(1).refusal(), "is a GGUF file of version 1; versions 2 and 3 are read");
  EXPECT_EQ(Writer(0x03000000).refusal(), "is a big-endian GGUF file; only little-endian ones are read");
  EXPECT_NE(Writer().counts(std::uint64_t{1} << 60, 0).refusal().find("promises 1152921504606846976 tensors"),
            std::string::npos);
  EXPECT_EQ(tensors(1).tensor("t", 4, 9).data(16).refusal(), "tensor \"t\": type Q8_1 (9) is not supported");
  EXPECT_EQ(tensors(1).tensor("t", 4, 200).data(16).refusal(), "tensor \"t\": type 200 is not known");
  EXPECT_EQ(tensors(1).tensor("t", 33, 2).data(64).refusal(),
            "tensor \"t\": rows of 33 elements are no multiple of the 32 of a block of Q4_0");
  EXPECT_EQ(tensors(1).tensor("t", 8, 0).data(16).refusal(),
            "tensor \"t\": its 32 bytes at offset 0 lie outside the 16 bytes of data");
  EXPECT_EQ(tensors(1).tensor("t", 4, 0, 16).data(64).refusal(),
            "tensor \"t\": offset 16 is no multiple of the alignment 32");
  EXPECT_EQ(tensors(2).tensor("a", 16, 0).tensor("b", 4, 0, 32).data(64).refusal(),
            "tensor \"b\": overlaps tensor \"a\"");
  EXPECT_EQ(tensors(2).tensor("a", 4, 0).tensor("a", 4, 0, 32).data(64).refusal(), "tensor \"a\" stands twice");
  EXPECT_EQ(Writer().counts(0, 1).text("k").number<std::uint32_t>(13).refusal(),
            "key \"k\": value type 13 is not known");
  EXPECT_EQ(Writer().counts(0, 1).text("k").number<std::uint32_t>(7).number<std::uint8_t>(2).refusal(),
            "key \"k\": expected a bool, 0 or 1, found 2");
  Writer nested;
  nested.counts(0, 1).text("k").number<std::uint32_t>(9);
  for (int i = 0; i < 20; ++i) nested.number<std::uint32_t>(9).number<std::uint64_t>(1);
  EXPECT_EQ(nested.refusal(), "key \"k\": arrays lie more than 8 deep");
}

class Shared : public ::testing::Test {
protected:
  void SetUp() override {
    if (!std::filesystem::exists(kShared + "gguf/types")) GTEST_SKIP() << "no reference data at " << kShared;
  }
};
using GgufShared = Shared;

TEST_F(GgufShared, EveryTypeFileEqualsItsReference) {
  auto reference = openTensors(kShared + "gguf/types/reference.safetensors");
  ASSERT_TRUE(reference);
  std::int64_t largest = 0;
  int files = 0, tensors = 0;
  for (const auto& entry : std::filesystem::directory_iterator(kShared + "gguf/types")) {
    if (entry.path().extension() != ".gguf") continue;
    auto file = openTensors(entry.path().string());
    ASSERT_TRUE(file) << file.error().message();
    ++files;
    for (const TensorInfo& info : file->tensors()) {
      const std::string name = entry.path().stem().string() + "." + info.name;
      const auto expected = reference->load(name);
      if (!expected) continue; // what quantised tensors were made from
      const auto found = file->load(info.name);
      ASSERT_TRUE(found) << found.error().message();
      EXPECT_EQ(found->shape, expected->shape) << name;
      const std::int64_t distance = largestUlps(*found, *expected);
      EXPECT_LE(distance, 1) << name;
      largest = std::max(largest, distance);
      ++tensors;
    }
  }
  std::printf("%d files, %d tensors: largest difference %lld ulp (tolerance 1)\n", files, tensors,
              static_cast<long long>(largest));
  EXPECT_EQ(files, 26);
  EXPECT_GT(tensors, 26 * 4);
}

TEST_F(GgufShared, HostileFilesAreRefusedInOneSentence) {
  auto expected = readJsonFile(kShared + "hostile/expected.json");
  ASSERT_TRUE(expected);
  int items = 0;
  for (const auto& [name, item] : expected->items()) {
    if (!name.starts_with("gguf/")) continue;
    ++items;
    const auto file = openTensors(kShared + "hostile/" + name);
    if (item.at("expect") == "refuse") {
      ASSERT_FALSE(file) << name;
      EXPECT_FALSE(file.error().what.empty());
      std::printf("%s: %s\n", name.c_str(), file.error().what.c_str());
    } else {
      EXPECT_TRUE(file) << file.error().message();
    }
  }
  EXPECT_GT(items, 20);
}

TEST(Gguf, RateOfTheCommonTypes) {
  for (const char* name : {"Q4_0", "Q4_1", "Q5_0", "Q8_0", "Q4_K", "Q5_K", "Q6_K", "IQ4_XS", "IQ2_XXS"}) {
    auto file = openTensors(kData + "types.gguf");
    ASSERT_TRUE(file);
    const Encoding& encoding = *file->find(name)->encoding;
    const std::int64_t elements = std::int64_t{1} << 22;
    std::vector<std::byte> blocks(*encoding.bytes(elements), std::byte{0x21});
    std::vector<float> out(static_cast<std::size_t>(elements));
    const ReadBytes read = [&](std::size_t offset, std::size_t length, std::byte* to) -> Status {
      std::copy_n(blocks.data() + offset, length, to);
      return Done{};
    };
    ASSERT_TRUE(encoding.decode(read, elements, 0, elements, out.data())); // touches the pages
    const auto before = std::chrono::steady_clock::now();
    ASSERT_TRUE(encoding.decode(read, elements, 0, elements, out.data()));
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - before).count();
    std::printf("%s: %.0f million elements/s\n", name, static_cast<double>(elements) / seconds / 1e6);
    EXPECT_GT(out[0], -1e30f);
  }
}

} // namespace
} // namespace orrery::tensorio
