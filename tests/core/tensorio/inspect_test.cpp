// SPDX-License-Identifier: MIT
// Mapped files that change, hashes and statistics.
#include <chrono>
#include <cmath>
#include <cstring>
#include <ctime>
#include <gtest/gtest.h>
#include <random>
#include <sys/stat.h>

#include "core/tensorio/sha256.h"
#include "core/tensorio/statistics.h"
#include "core/tensorio/tensor_file.h"
#include "tests/core/tensorio/scratch.h"

namespace orrery::tensorio {
namespace {

using testkit::Scratch;
using testkit::writeText;

const std::string kData = ORRERY_SOURCE_DIR "/tests/core/tensorio/data/";

TEST(MappedFile, RefusesWhatIsNotARegularFile) {
  Scratch scratch;
  ASSERT_EQ(::mkfifo((scratch / "pipe").c_str(), 0600), 0);
  EXPECT_NE(MappedFile::open(scratch / "pipe").error().what.find("not a regular file"), std::string::npos);
  EXPECT_NE(MappedFile::open(scratch.path().string()).error().what.find("not a regular file"), std::string::npos);
  EXPECT_FALSE(MappedFile::open("/dev/zero"));
  EXPECT_EQ(MappedFile::open(scratch / "absent").error().code, Code::NotFound);
  writeText(scratch / "empty", "");
  auto empty = MappedFile::open(scratch / "empty");
  ASSERT_TRUE(empty);
  EXPECT_EQ(empty->bytes().size(), 0u);
}

TEST(MappedFile, CopyOutStaysInsideTheFile) {
  Scratch scratch;
  writeText(scratch / "f", "0123456789");
  auto file = MappedFile::open(scratch / "f");
  ASSERT_TRUE(file);
  std::string text(4, '?');
  auto* to = reinterpret_cast<std::byte*>(text.data());
  ASSERT_TRUE(file->copyOut(6, 4, to));
  EXPECT_EQ(text, "6789");
  EXPECT_FALSE(file->copyOut(7, 4, to));
  EXPECT_FALSE(file->copyOut(11, 0, to));
  EXPECT_FALSE(file->copyOut(SIZE_MAX, 2, to));
  EXPECT_TRUE(file->copyOut(10, 0, to));
}

TEST(MappedFile, FileCutShortWhileOpenIsAnErrorAndNoCrash) {
  Scratch scratch;
  const auto path = scratch / "x.safetensors";
  std::filesystem::copy_file(kData + "dtypes.safetensors", path);
  auto file = openTensors(path);
  ASSERT_TRUE(file);
  EXPECT_TRUE(file->verifyUnchanged());
  std::filesystem::resize_file(path, 100);
  auto loaded = file->load("F64");
  ASSERT_FALSE(loaded);
  EXPECT_NE(loaded.error().what.find("became shorter while open"), std::string::npos) << loaded.error().message();
  EXPECT_FALSE(statistics(*file, *file->find("F64")));
  Status same = file->verifyUnchanged();
  ASSERT_FALSE(same);
  EXPECT_NE(same.error().what.find("bytes, found 100"), std::string::npos) << same.error().message();
  EXPECT_FALSE(sha256Of(*file));
}

TEST(MappedFile, ReplacedRewrittenOrRemovedFileIsNoticed) {
  Scratch scratch;
  const auto path = scratch / "f";
  writeText(path, "old");
  auto file = MappedFile::open(path);
  ASSERT_TRUE(file && file->unchanged());
  writeText(scratch / "g", "new");
  std::filesystem::rename(scratch / "g", path);
  EXPECT_NE(file->verifyUnchanged().error().what.find("another file stands in its place"), std::string::npos);
  std::string text(3, '?'); // the old bytes are still there
  ASSERT_TRUE(file->copyOut(0, 3, reinterpret_cast<std::byte*>(text.data())));
  EXPECT_EQ(text, "old");

  auto second = MappedFile::open(path);
  ASSERT_TRUE(second && second->unchanged());
  std::filesystem::last_write_time(path, std::filesystem::file_time_type::clock::now() + std::chrono::seconds(5));
  EXPECT_NE(second->verifyUnchanged().error().what.find("written to"), std::string::npos);

  auto third = MappedFile::open(path);
  ASSERT_TRUE(third && third->unchanged());
  std::filesystem::remove(path);
  EXPECT_NE(third->verifyUnchanged().error().what.find("removed"), std::string::npos);
}

// Vectors of FIPS 180-4's examples and of NIST's SHAVS.
TEST(Sha256, NistVectors) {
  const auto hash = [](const std::string& text) { return *sha256(std::as_bytes(std::span(text))); };
  EXPECT_EQ(hash(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(hash("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(hash("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  EXPECT_EQ(hash(std::string(1000000, 'a')), "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST(Sha256, FilesAcrossPiecesAndShards) {
  Scratch scratch;
  writeText(scratch / "a", std::string(1000000, 'a'));
  EXPECT_EQ(*sha256OfFile(scratch / "a"), "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
  const std::string large(3 * 1048576 + 17, 'b');
  writeText(scratch / "b", large);
  EXPECT_EQ(*sha256OfFile(scratch / "b"), *sha256(std::as_bytes(std::span(large))));
  EXPECT_EQ(sha256OfFile(scratch / "none").error().code, Code::NotFound);
  std::stop_source stop;
  stop.request_stop();
  EXPECT_EQ(sha256OfFile(scratch / "b", stop.get_token()).error().code, Code::Cancelled);

  auto one = openTensors(kData + "dtypes.safetensors");
  ASSERT_TRUE(one);
  EXPECT_EQ(*sha256Of(*one), *sha256OfFile(kData + "dtypes.safetensors"));
  auto shards = openTensors(kData + "sharded");
  ASSERT_TRUE(shards);
  std::string lines;
  for (const char* name : {"model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"})
    lines += *sha256OfFile(kData + "sharded/" + name) + "  " + name + "\n";
  EXPECT_EQ(*sha256Of(*shards), *sha256(std::as_bytes(std::span(lines))));
}

// A file above 256 MiB (a hole, so that it takes no room) is told apart by its ends and size; a smaller one by all
// of it.
TEST(Sha256, FingerprintOfALargeFile) {
  testkit::Scratch scratch;
  const auto make = [&](const char* name, std::uintmax_t size, char first, char last) {
    std::ofstream(scratch / name, std::ios::binary) << first;
    std::filesystem::resize_file(scratch / name, size - 1);
    std::ofstream(scratch / name, std::ios::binary | std::ios::app) << last;
    return fingerprintOfFile(scratch / name).value();
  };
  constexpr std::uintmax_t kLarge = (std::uintmax_t{256} << 20) + 70000;
  const std::string a = make("a", kLarge, 'x', 'y');
  EXPECT_EQ(a, make("b", kLarge, 'x', 'y'));
  EXPECT_NE(a, make("b", kLarge, 'z', 'y'));
  EXPECT_NE(a, make("b", kLarge, 'x', 'z'));
  EXPECT_NE(a, make("b", kLarge + 1, 'x', 'y'));
  EXPECT_EQ(a.substr(0, 8), "sampled ");
  const std::string small = make("b", 100000, 'x', 'y');
  EXPECT_EQ(small, *sha256OfFile(scratch / "b"));
}

// Two plain passes in long double.
TensorStats naive(const std::vector<double>& values) {
  TensorStats out;
  long double sum = 0, squares = 0;
  double low = INFINITY, high = -INFINITY;
  for (const double x : values) {
    ++out.elements;
    if (!std::isfinite(x)) {
      ++out.nonFinite;
      continue;
    }
    sum += x;
    low = std::min(low, x);
    high = std::max(high, x);
  }
  const auto count = static_cast<long double>(out.elements - out.nonFinite);
  const long double mean = sum / count;
  for (const double x : values)
    if (std::isfinite(x)) squares += (x - mean) * (x - mean);
  out.mean = static_cast<double>(mean);
  out.std = static_cast<double>(std::sqrt(squares / count));
  out.min = low;
  out.max = high;
  return out;
}

void expectEqual(const TensorStats& got, const TensorStats& truth, const std::string& what) {
  constexpr double kTolerance = 1e-13; // relative to the largest magnitude
  const double scale = std::max({1e-300, std::abs(truth.min), std::abs(truth.max)});
  const double difference = std::max(std::abs(got.mean - truth.mean), std::abs(got.std - truth.std)) / scale;
  std::cout << what << ": largest difference " << difference << ", tolerance " << kTolerance << "\n";
  EXPECT_LE(difference, kTolerance) << what;
  EXPECT_EQ(got.min, truth.min) << what;
  EXPECT_EQ(got.max, truth.max) << what;
  EXPECT_EQ(got.nonFinite, truth.nonFinite) << what;
  EXPECT_EQ(got.elements, truth.elements) << what;
}

TEST(Statistics, EqualsTheNaiveTwinForEveryDtypeAndSize) {
  std::mt19937_64 random(7);
  for (int d = 0; d <= static_cast<int>(DType::F8E5M2); ++d)
    for (const std::int64_t n : {1, 7, 2047, 2049, 70001}) {
      const auto dtype = static_cast<DType>(d);
      std::vector<std::uint64_t> words(static_cast<std::size_t>(n));
      for (auto& word : words) word = random();
      if (dtype == DType::F64) // keep squares in range
        for (auto& word : words) word = (word & ~(0x7ffull << 52)) | (0x3f0ull + (word >> 60)) << 52;
      TensorView view = viewOf(std::move(words), DType::U64, {n});
      view.dtype = dtype;
      auto got = statistics(view);
      ASSERT_TRUE(got);
      const auto truth = naive(toDoubles(view));
      if (truth.elements > truth.nonFinite)
        expectEqual(*got, truth, std::string(name(dtype)) + " " + std::to_string(n));
    }
}

TEST(Statistics, LargeMeanSmallSpreadKeepsItsDigits) {
  std::vector<double> values;
  for (int i = 0; i < 100000; ++i) values.push_back(1e9 + (i % 2 ? 1 : -1));
  auto got = statistics(viewOf(std::move(values), {100000}));
  ASSERT_TRUE(got);
  EXPECT_EQ(got->mean, 1e9);
  EXPECT_EQ(got->std, 1.0);
}

TEST(Statistics, NonFiniteElementsAreCountedAndLeftOut) {
  auto got = statistics(viewOf(std::vector<float>{1, NAN, 3, INFINITY, -INFINITY}, {5}));
  ASSERT_TRUE(got);
  EXPECT_EQ(got->mean, 2);
  EXPECT_EQ(got->std, 1);
  EXPECT_EQ(got->nonFinite, 3);
  EXPECT_EQ(got->elements, 5);
  for (const auto& values : {std::vector<float>{}, std::vector<float>{NAN, NAN}}) {
    const auto n = static_cast<std::int64_t>(values.size());
    auto none = statistics(viewOf(values, {n}));
    ASSERT_TRUE(none);
    EXPECT_TRUE(std::isnan(none->mean) && std::isnan(none->std) && std::isnan(none->min) && std::isnan(none->max));
    EXPECT_EQ(none->nonFinite, n);
  }
}

TEST(Statistics, FromDiskEqualsFromMemoryAndBothStop) {
  auto file = openTensors(kData + "dtypes.safetensors");
  ASSERT_TRUE(file);
  for (const TensorInfo& info : file->tensors()) {
    if (info.bytes == 0) continue;
    auto disk = statistics(*file, info);
    ASSERT_TRUE(disk);
    expectEqual(*disk, naive(toDoubles(*file->view(info.name))), info.name);
  }
  std::stop_source stop;
  stop.request_stop();
  EXPECT_EQ(statistics(*file, *file->find("F32"), stop.get_token()).error().code, Code::Cancelled);
  EXPECT_EQ(statistics(*file->view("F32"), stop.get_token()).error().code, Code::Cancelled);
}

// Not a bound that a busy machine could miss: prints the rate, and fails only when it is out of all proportion.
TEST(Statistics, RateOfTheCommonDtypes) {
  for (const DType dtype : {DType::F32, DType::F16, DType::BF16}) {
    std::vector<std::uint16_t> words(std::size_t{1} << 24); // 32 MiB
    for (std::size_t i = 0; i < words.size(); ++i) words[i] = static_cast<std::uint16_t>((i * 40503) & 0xbbff);
    const auto n = static_cast<std::int64_t>(words.size() * 2 / byteSize(dtype));
    TensorView view = viewOf(std::move(words), DType::U16, {n});
    view.dtype = dtype;
    const std::clock_t begin = std::clock(); // processor time, whatever else runs
    ASSERT_TRUE(statistics(view));
    const double seconds = static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC;
    const double rate = static_cast<double>(view.bytes()) / seconds / 1e6;
    std::cout << name(dtype) << ": " << rate << " MB/s\n";
    EXPECT_GT(rate, 5);
  }
}

} // namespace
} // namespace orrery::tensorio
