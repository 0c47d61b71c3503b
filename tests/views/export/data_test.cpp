// SPDX-License-Identifier: MIT
#include "views/export/data.h"

#include <gtest/gtest.h>

#include <hdf5.h>

#include "core/tensorio/npy.h"
#include "tests/core/tensorio/scratch.h"

namespace orrery::exports {
namespace {

using testkit::readText;
using testkit::Scratch;
using views::DataTable;

std::vector<DataTable> tables() {
  return {{"attention",
           "probability",
           viewOf(std::vector<float>{1, 0, 0.25f, 0.75f}, {2, 2}),
           {"<s>", "a,b"},
           {"<s>", "a,b"}},
          {"row entropy", "bits", viewOf(std::vector<double>{0, 0.8112781244591328}, {2}), {}, {}},
          {"row entropy", "nat", viewOf(std::vector<double>{0, 1}, {2}), {}, {}}};
}

TEST(Data, CsvWithLabelsAndFurtherTablesBeside) {
  Scratch scratch;
  ASSERT_TRUE(exportData(tables(), scratch / "d.csv").ok());
  EXPECT_EQ(readText(scratch / "d.csv"), ",<s>,\"a,b\"\n<s>,1,0\n\"a,b\",0.25,0.75\n");
  EXPECT_EQ(readText(scratch / "d.row_entropy.csv"), "row entropy (bits)\n0\n0.8112781244591328\n");
  EXPECT_EQ(readText(scratch / "d.row_entropy-2.csv"), "row entropy (nat)\n0\n1\n");
  EXPECT_EQ(scratch.files(), 3u);
}

TEST(Data, NpyReadsBack) {
  Scratch scratch;
  ASSERT_TRUE(exportData(tables(), scratch / "d.npy").ok());
  const auto back = tensorio::readNpy(scratch / "d.npy");
  ASSERT_TRUE(back.ok());
  EXPECT_EQ(back->shape, (Shape{2, 2}));
  EXPECT_EQ(toFloats(*back), (std::vector<float>{1, 0, 0.25f, 0.75f}));
  EXPECT_EQ(tensorio::readNpy(scratch / "d.row_entropy.npy")->shape, (Shape{2}));
}

// Read back through HDF5's own C interface, not by our reader.
std::vector<double> readDoubles(hid_t file, const char* name) {
  const hid_t set = H5Dopen2(file, name, H5P_DEFAULT);
  if (set < 0) return {};
  const hid_t space = H5Dget_space(set);
  std::vector<double> values(static_cast<std::size_t>(H5Sget_simple_extent_npoints(space)));
  EXPECT_GE(H5Dread(set, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, values.data()), 0);
  H5Sclose(space);
  H5Dclose(set);
  return values;
}

TEST(Data, Hdf5HoldsAllTables) {
  Scratch scratch;
  auto list = tables();
  list.push_back({"a/b", "", viewOf(std::vector<float>(), {0, 3}), {}, {}});
  ASSERT_TRUE(exportData(list, scratch / "d.h5").ok());
  EXPECT_EQ(scratch.files(), 1u);
  const hid_t file = H5Fopen((scratch / "d.h5").c_str(), H5F_ACC_RDONLY, H5P_DEFAULT);
  ASSERT_GE(file, 0);
  EXPECT_EQ(readDoubles(file, "attention"), (std::vector<double>{1, 0, 0.25, 0.75}));
  EXPECT_EQ(readDoubles(file, "row entropy"), (std::vector<double>{0, 0.8112781244591328}));
  EXPECT_EQ(readDoubles(file, "row entropy-2"), (std::vector<double>{0, 1}));
  for (const char* name : {"attention_rows", "attention_columns", "a_b"})
    EXPECT_GT(H5Lexists(file, name, H5P_DEFAULT), 0) << name;
  EXPECT_GT(H5Aexists_by_name(file, "attention", "unit", H5P_DEFAULT), 0);
  H5Fclose(file);
}

TEST(Data, RefusalsLeaveNothing) {
  Scratch scratch;
  EXPECT_FALSE(exportData({}, scratch / "d.csv").ok());
  EXPECT_FALSE(exportData(tables(), scratch / "d.xlsx").ok());
  EXPECT_FALSE(exportData(tables(), scratch / "no/folder/d.csv").ok());
  EXPECT_FALSE(exportData(tables(), scratch / "no/folder/d.h5").ok());
  auto cube = tables();
  cube[1].values = viewOf(std::vector<float>(8), {2, 2, 2});
  const Status status = exportData(cube, scratch / "d.npy");
  ASSERT_FALSE(status.ok());
  EXPECT_NE(status.error().what.find("[2, 2, 2]"), std::string::npos);
  EXPECT_EQ(scratch.files(), 0u);
}

TEST(Data, HostileTableNamesStayInTheFolder) {
  auto list = tables();
  list[1].name = "../../etc/passwd";
  list[2].name = "";
  const auto paths = dataPaths(list, "/x/y/d.csv");
  EXPECT_EQ(paths[1], "/x/y/d.______etc_passwd.csv");
  EXPECT_EQ(paths[2], "/x/y/d.table.csv");
}

} // namespace
} // namespace orrery::exports
