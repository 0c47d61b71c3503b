// SPDX-License-Identifier: MIT
// Block scales against the numbers that the blocks decode to: of Q8_0 and Q4_0 every number is a whole multiple of the
// scale of its block.
#include "core/tensorio/gguf_scales.h"

#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>

namespace orrery::tensorio {
namespace {

const std::string kFolder = std::string(ORRERY_SOURCE_DIR) + "/../shared/oracles/gguf/types/";

TEST(GgufScales, NumbersAreWholeMultiplesOfThem) {
  if (!std::filesystem::exists(kFolder)) GTEST_SKIP() << "no " << kFolder;
  for (const char* type : {"Q8_0", "Q4_0", "Q5_0"}) {
    auto file = openGguf(kFolder + type + ".gguf");
    ASSERT_TRUE(file.ok());
    const TensorInfo& info = *file->find("random");
    const auto place = scalePlace(info);
    ASSERT_TRUE(place.has_value()) << type;
    const std::int64_t blocks = elementCount(info.shape).value() / place->elements;
    auto scales = blockScales(*file, info, 0, blocks);
    ASSERT_TRUE(scales.ok());
    const std::vector<float> values = toFloats(*file->load("random"));
    double worst = 0;
    for (std::size_t i = 0; i < values.size(); ++i) {
      const double scale = static_cast<double>((*scales)[i / static_cast<std::size_t>(place->elements)]);
      if (scale == 0 || !std::isfinite(scale)) continue;
      const double steps = static_cast<double>(values[i]) / scale;
      worst = std::max(worst, std::abs(steps - std::round(steps)));
      EXPECT_LE(std::abs(steps), 128.01);
    }
    std::printf("%s: furthest from a whole multiple %.1e, tolerance 1e-4\n", type, worst);
    EXPECT_LE(worst, 1e-4);
    EXPECT_FALSE(blockScales(*file, info, blocks, 1).ok());
  }
  auto plain = openGguf(kFolder + "F32.gguf");
  ASSERT_TRUE(plain.ok());
  EXPECT_EQ(blockScales(*plain, *plain->find("random"), 0, 1).error().code, Code::Unsupported);
}

} // namespace
} // namespace orrery::tensorio
