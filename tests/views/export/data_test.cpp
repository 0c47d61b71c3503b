// SPDX-License-Identifier: MIT
#include "views/export/data.h"

#include <gtest/gtest.h>

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

TEST(Data, RefusalsLeaveNothing) {
  Scratch scratch;
  EXPECT_FALSE(exportData({}, scratch / "d.csv").ok());
  EXPECT_FALSE(exportData(tables(), scratch / "d.xlsx").ok());
  EXPECT_FALSE(exportData(tables(), scratch / "no/folder/d.csv").ok());
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
