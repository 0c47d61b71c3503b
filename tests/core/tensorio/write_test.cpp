// SPDX-License-Identifier: MIT
// What the writers write: read back by the readers, compared with files of numpy, complete or absent.
#include <cmath>
#include <csignal>
#include <cstring>
#include <gtest/gtest.h>
#include <limits>
#include <sys/resource.h>

#include "core/tensorio/csv.h"
#include "core/tensorio/npy.h"
#include "core/tensorio/safetensors_writer.h"
#include "core/tensorio/tensor_file.h"
#include "tests/core/tensorio/scratch.h"

namespace orrery::tensorio {
namespace {

using testkit::readText;
using testkit::Scratch;
using testkit::writeText;

const std::string kData = ORRERY_SOURCE_DIR "/tests/core/tensorio/data/";

// The same elements seen as their transpose. [R, C] -> [C, R]
TensorView transposed(TensorView view) {
  std::swap(view.shape[0], view.shape[1]);
  std::swap(view.strides[0], view.strides[1]);
  return view;
}

// Files cannot grow above `bytes` while this lives: the kernel refuses as it does on a full disk.
class FileSizeLimit {
public:
  explicit FileSizeLimit(rlim_t bytes) {
    std::signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &m_before);
    const rlimit limit{bytes, m_before.rlim_max};
    setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~FileSizeLimit() { setrlimit(RLIMIT_FSIZE, &m_before); }

private:
  rlimit m_before{};
};

TEST(SafetensorsWriter, WhatItWritesReadsBackWithMetadata) {
  Scratch scratch;
  auto source = openTensors(kData + "dtypes.safetensors");
  ASSERT_TRUE(source);
  std::vector<NamedTensor> tensors;
  for (const TensorInfo& info : source->tensors()) tensors.push_back({info.name, *source->load(info.name)});
  const auto path = scratch / "x.safetensors";
  Status written = writeSafetensors(path, tensors, source->description());
  ASSERT_TRUE(written) << written.error().message();
  auto back = openTensors(path);
  ASSERT_TRUE(back) << back.error().message();
  EXPECT_EQ(back->description(), source->description());
  ASSERT_EQ(back->tensors().size(), tensors.size());
  for (const NamedTensor& tensor : tensors) {
    auto view = back->view(tensor.name);
    ASSERT_TRUE(view);
    EXPECT_EQ(view->shape, tensor.view.shape);
    EXPECT_EQ(view->dtype, tensor.view.dtype);
    EXPECT_EQ(std::memcmp(view->data, tensor.view.data, view->bytes()), 0) << tensor.name;
    EXPECT_EQ(back->find(tensor.name)->begin % byteSize(view->dtype), 0u);
  }
  EXPECT_EQ(static_cast<unsigned char>(readText(path)[0]) % 8, 0);
  EXPECT_EQ(scratch.files(), 1u);
}

TEST(SafetensorsWriter, StridesAreWrittenRowMajorAcrossPieces) {
  Scratch scratch;
  const std::int64_t rows = 300, columns = 700; // more than one piece of 65536 elements
  std::vector<float> values(static_cast<std::size_t>(rows * columns));
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>(i);
  const TensorView view = transposed(viewOf(values, {rows, columns}));
  ASSERT_TRUE(writeSafetensors(scratch / "x.safetensors", {{"t", view}}));
  auto back = openTensors(scratch / "x.safetensors");
  ASSERT_TRUE(back);
  const auto read = toFloats(*back->view("t"));
  ASSERT_EQ(back->find("t")->shape, (Shape{columns, rows}));
  for (std::int64_t c = 0; c < columns; ++c)
    for (std::int64_t r = 0; r < rows; ++r)
      ASSERT_EQ(read[static_cast<std::size_t>(c * rows + r)], values[static_cast<std::size_t>(r * columns + c)]);
}

TEST(SafetensorsWriter, BadNamesAreRefused) {
  Scratch scratch;
  const TensorView one = viewOf(std::vector<float>{1}, {1});
  EXPECT_FALSE(writeSafetensors(scratch / "x", {{"a", one}, {"a", one}}));
  EXPECT_FALSE(writeSafetensors(scratch / "x", {{"__metadata__", one}}));
  EXPECT_FALSE(writeSafetensors(scratch / "x", {{"\xff", one}}));
  EXPECT_FALSE(writeSafetensors(scratch / "x", {{"a", one}}, {{"k", "\xff"}}));
  EXPECT_FALSE(writeSafetensors(scratch / "no/folder", {{"a", one}}));
  EXPECT_EQ(scratch.files(), 0u);
}

TEST(Writers, FullDiskIsAnErrorAndLeavesWhatStoodThere) {
  Scratch scratch;
  const TensorView big = viewOf(std::vector<float>(200000, 1.f), {400, 500}); // 800 kB
  for (const char* name : {"a.safetensors", "a.npy", "a.csv"}) writeText(scratch / name, "before");
  const FileSizeLimit limit(100000);
  for (const Status& status : {writeSafetensors(scratch / "a.safetensors", {{"big", big}}),
                               writeNpy(scratch / "a.npy", big), writeCsv(scratch / "a.csv", big)}) {
    ASSERT_FALSE(status);
    EXPECT_EQ(status.error().code, Code::Io);
    EXPECT_NE(status.error().what.find("cannot write"), std::string::npos) << status.error().message();
  }
  for (const char* name : {"a.safetensors", "a.npy", "a.csv"}) EXPECT_EQ(readText(scratch / name), "before");
  EXPECT_EQ(scratch.files(), 3u);
}

TEST(Npy, ReadsWhatNumpyWrote) {
  auto floats = readNpy(kData + "numpy_f4.npy");
  ASSERT_TRUE(floats) << floats.error().message();
  EXPECT_EQ(floats->shape, (Shape{1, 3}));
  EXPECT_EQ(toDoubles(*floats), (std::vector<double>{1.5, -2.25, std::numeric_limits<double>::infinity()}));
  auto scalar = readNpy(kData + "numpy_f8.npy");
  ASSERT_TRUE(scalar);
  EXPECT_EQ(scalar->shape, Shape{});
  EXPECT_EQ(toDoubles(*scalar), std::vector<double>{0.1});
  auto integers = readNpy(kData + "numpy_i8.npy");
  ASSERT_TRUE(integers);
  EXPECT_EQ(integers->shape, (Shape{2, 3, 4}));
  EXPECT_EQ(elementAt(*integers, 23), 23);
  auto bytes = readNpy(kData + "numpy_u1.npy");
  ASSERT_TRUE(bytes);
  EXPECT_EQ(toDoubles(*bytes), (std::vector<double>{0, 1, 2, 3, 4}));
  auto empty = readNpy(kData + "numpy_empty.npy");
  ASSERT_TRUE(empty);
  EXPECT_EQ(empty->shape, (Shape{0, 3}));
}

TEST(Npy, WritesTheBytesThatNumpyWrites) {
  Scratch scratch;
  for (const char* name : {"f4", "f8", "i8", "u1", "empty"}) {
    const std::string source = kData + "numpy_" + name + ".npy";
    auto array = readNpy(source);
    ASSERT_TRUE(array);
    ASSERT_TRUE(writeNpy(scratch / "x.npy", *array));
    EXPECT_EQ(readText(scratch / "x.npy"), readText(source)) << name;
  }
}

TEST(Npy, StridesAndForeignDtypesAreConverted) {
  Scratch scratch;
  ASSERT_TRUE(writeNpy(scratch / "t.npy", transposed(viewOf(std::vector<double>{1, 2, 3, 4, 5, 6}, {2, 3}))));
  auto back = readNpy(scratch / "t.npy");
  ASSERT_TRUE(back);
  EXPECT_EQ(back->shape, (Shape{3, 2}));
  EXPECT_EQ(toDoubles(*back), (std::vector<double>{1, 4, 2, 5, 3, 6}));
  ASSERT_TRUE(writeNpy(scratch / "b.npy", viewOf(std::vector<std::uint16_t>{0x3fc0}, DType::BF16, {1})));
  back = readNpy(scratch / "b.npy");
  ASSERT_TRUE(back);
  EXPECT_EQ(back->dtype, DType::F32);
  EXPECT_EQ(toDoubles(*back), std::vector<double>{1.5});
}

TEST(Npy, RefusesWhatItDoesNotRead) {
  EXPECT_NE(readNpy(kData + "numpy_fortran.npy").error().what.find("Fortran"), std::string::npos);
  EXPECT_NE(readNpy(kData + "numpy_big_endian.npy").error().what.find("\">f4\""), std::string::npos);
  EXPECT_EQ(readNpy(kData + "numpy_i8.npy", 100).error().code, Code::TooLarge);
  EXPECT_EQ(readNpy(kData + "none.npy").error().code, Code::NotFound);
  const std::string whole = readText(kData + "numpy_i8.npy");
  for (std::size_t n = 0; n < whole.size(); ++n)
    EXPECT_FALSE(parseNpy(std::as_bytes(std::span(whole).first(n)), "cut")) << n;
  const auto refused = [](const std::string& dict) {
    std::string file = "\x93NUMPY";
    file += {'\1', '\0', static_cast<char>(dict.size()), '\0'};
    file += dict + std::string(4, '\0');
    return !parseNpy(std::as_bytes(std::span(file)), "memory");
  };
  EXPECT_FALSE(refused("{'descr': '<f4', 'fortran_order': False, 'shape': (1,), }"));
  EXPECT_FALSE(refused("{'shape':(1,),'fortran_order':False,'descr':\"<f4\"}"));
  for (const char* dict : {"", "{", "{}", "{'descr': '<f4', 'fortran_order': False}",
                           "{'descr': '<f4', 'fortran_order': False, 'shape': (2,)}",
                           "{'descr': '<f4', 'fortran_order': False, 'shape': (-1,)}",
                           "{'descr': '<f4', 'fortran_order': False, 'shape': (4294967296,4294967296)}",
                           "{'descr': '<f4', 'descr': '<f4', 'fortran_order': False, 'shape': (1,)}",
                           "{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1,)}",
                           "{'descr': '<f4', 'fortran_order': False, 'shape': (1,)} x",
                           "{'descr': '<f4', 'fortran_order': False, 'shape': (1,), 'more': 'x'}",
                           "{'descr': '|O', 'fortran_order': False, 'shape': (1,)}"})
    EXPECT_TRUE(refused(dict)) << dict;
}

TEST(Csv, ShortestNumbersAndQuotedLabels) {
  Scratch scratch;
  const double infinity = std::numeric_limits<double>::infinity();
  const TensorView matrix = viewOf(std::vector<float>{0.1f, 1e-20f, -3, -std::nanf(""), 1e10f, 16777216}, {2, 3});
  ASSERT_TRUE(writeCsv(scratch / "a.csv", matrix, {{"plain", "a,b", "say \"x\""}, {"r\n0", "r1"}, "row"}));
  EXPECT_EQ(readText(scratch / "a.csv"),
            "row,plain,\"a,b\",\"say \"\"x\"\"\"\n\"r\n0\",0.1,1e-20,-3\nr1,nan,1e+10,16777216\n");
  ASSERT_TRUE(
      writeCsv(scratch / "b.csv", transposed(viewOf(std::vector<double>{0.1, infinity, -infinity, 2}, {2, 2}))));
  EXPECT_EQ(readText(scratch / "b.csv"), "0.1,-inf\ninf,2\n");
  ASSERT_TRUE(writeCsv(scratch / "c.csv", viewOf(std::vector<std::int64_t>{9007199254740993}, {1, 1})));
  EXPECT_EQ(readText(scratch / "c.csv"), "9007199254740993\n");
}

TEST(Csv, EveryNumberReadsBackAsItself) {
  Scratch scratch;
  std::vector<double> values;
  std::uint64_t bits = 1;
  for (int i = 0; i < 2000; ++i) {
    bits = bits * 6364136223846793005u + 1442695040888963407u;
    const auto value = std::bit_cast<double>(bits);
    if (std::isfinite(value)) values.push_back(value);
  }
  const auto rows = static_cast<std::int64_t>(values.size());
  ASSERT_TRUE(writeCsv(scratch / "a.csv", viewOf(values, {rows, 1})));
  std::ifstream file(scratch / "a.csv");
  std::string line;
  for (const double value : values) {
    ASSERT_TRUE(std::getline(file, line));
    EXPECT_EQ(std::strtod(line.c_str(), nullptr), value) << line;
  }
}

TEST(Csv, RefusesWrongShapesAndLabelCounts) {
  Scratch scratch;
  const TensorView row = viewOf(std::vector<float>{1, 2}, {2}), matrix = viewOf(std::vector<float>{1, 2}, {1, 2});
  EXPECT_FALSE(writeCsv(scratch / "a.csv", row));
  EXPECT_FALSE(writeCsv(scratch / "a.csv", matrix, {{"one"}, {}, ""}));
  EXPECT_FALSE(writeCsv(scratch / "a.csv", matrix, {{}, {"a", "b"}, ""}));
  EXPECT_EQ(scratch.files(), 0u);
}

} // namespace
} // namespace orrery::tensorio
