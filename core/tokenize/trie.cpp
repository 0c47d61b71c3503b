// SPDX-License-Identifier: MIT
#include "core/tokenize/trie.h"

namespace orrery::tokenize {

void Trie::add(std::string_view text, std::size_t value) {
  if (text.empty()) return;
  if (m_nodes.empty()) m_nodes.emplace_back();
  m_first[static_cast<unsigned char>(text[0])] = true;
  std::uint32_t node = 0;
  for (const char c : text) {
    const auto fresh = static_cast<std::uint32_t>(m_nodes.size());
    const auto [it, added] = m_nodes[node].next.emplace(static_cast<unsigned char>(c), fresh);
    node = it->second;
    if (added) m_nodes.emplace_back();
  }
  m_nodes[node].end = true;
  m_nodes[node].value = value;
}

Trie::Hit Trie::longestAt(std::string_view text, std::size_t at) const {
  Hit hit{0, 0};
  if (!m_first[static_cast<unsigned char>(text[at])]) return hit;
  std::uint32_t node = 0;
  for (std::size_t i = at; i < text.size(); ++i) {
    const auto it = m_nodes[node].next.find(static_cast<unsigned char>(text[i]));
    if (it == m_nodes[node].next.end()) break;
    node = it->second;
    if (m_nodes[node].end) hit = {i + 1 - at, m_nodes[node].value};
  }
  return hit;
}

} // namespace orrery::tokenize
