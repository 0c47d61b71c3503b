// SPDX-License-Identifier: MIT
#include "app/assets.h"

#include <cstdlib>
#include <filesystem>

namespace orrery::app {

namespace fs = std::filesystem;

std::string assetPath(const std::string& relative) {
  if (const char* folder = std::getenv("ORRERY_ASSETS")) return (fs::path(folder) / relative).string();
  std::error_code ignored;
  const fs::path program = fs::read_symlink("/proc/self/exe", ignored);
  const fs::path installed = program.parent_path().parent_path() / "share/orrery/assets";
  if (fs::exists(installed, ignored)) return (installed / relative).string();
  return (fs::path(ORRERY_SOURCE_DIR) / "assets" / relative).string();
}

} // namespace orrery::app
