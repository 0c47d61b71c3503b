// SPDX-License-Identifier: MIT
// A set of strings; finds the longest that begins at a position. Thread-safe when const.
#pragma once
#include <cstdint>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace orrery::tokenize {

class Trie {
public:
  void add(std::string_view text, std::size_t value);
  struct Hit {
    std::size_t length, value;
  };
  // length 0: none.
  Hit longestAt(std::string_view text, std::size_t at) const;
  bool empty() const { return m_nodes.empty(); }

private:
  struct Node {
    std::unordered_map<unsigned char, std::uint32_t> next;
    std::size_t value = 0;
    bool end = false;
  };
  bool m_first[256] = {};
  std::vector<Node> m_nodes;
};

} // namespace orrery::tokenize
