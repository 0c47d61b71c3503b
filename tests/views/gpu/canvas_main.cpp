// SPDX-License-Identifier: MIT
// One QApplication for all tests of the program; Vulkan validation is on. A filter that names Scale2 runs at 200 %.
#include <gtest/gtest.h>

#include <QApplication>
#include <cstdlib>
#include <string>

#include "views/gpu/vulkan_device.h"

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  if (testing::GTEST_FLAG(list_tests)) return RUN_ALL_TESTS();
  const std::string filter = testing::GTEST_FLAG(filter);
  setenv("ORRERY_VULKAN_VALIDATION", "1", 0);
  if (filter.find("Scale2") != std::string::npos) setenv("QT_SCALE_FACTOR", "2", 1);
  QApplication application(argc, argv);
  QApplication::setQuitOnLastWindowClosed(false);
  const int result = RUN_ALL_TESTS();
  std::printf("Vulkan validation messages: %llu\n",
              static_cast<unsigned long long>(orrery::gpu::VulkanDevice::validationMessages()));
  return result;
}
