// SPDX-License-Identifier: MIT
// A folder of its own for one test, removed at the end.
#pragma once
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <iterator>
#include <stdlib.h>
#include <string>

namespace orrery::testkit {

class Scratch {
public:
  Scratch() {
    std::string name = (std::filesystem::temp_directory_path() / "orrery-test-XXXXXX").string();
    m_path = ::mkdtemp(name.data());
  }
  ~Scratch() { std::filesystem::remove_all(m_path); }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;

  std::string operator/(const std::string& name) const { return (m_path / name).string(); }
  const std::filesystem::path& path() const { return m_path; }
  std::size_t files() const {
    return static_cast<std::size_t>(std::distance(std::filesystem::directory_iterator(m_path), {}));
  }

private:
  std::filesystem::path m_path;
};

inline void writeText(const std::string& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary) << bytes;
}
inline std::string readText(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

} // namespace orrery::testkit
