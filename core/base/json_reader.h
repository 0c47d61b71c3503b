// SPDX-License-Identifier: MIT
// Reads the keys of one JSON object of a spec: every key that nobody asked for is refused by name, every value of a
// wrong kind or size with what was expected and found. The first problem stays, so that reading needs no checks
// between.
#pragma once
#include <array>
#include <optional>
#include <set>
#include <span>
#include <string>

#include "core/base/json.h"

namespace orrery {

class JsonReader {
public:
  // `object` must outlive the reader. path: the keys that lead here ("model.size"); whole: what the sentence calls the
  // outermost object, whose path is empty.
  JsonReader(const Json& object, std::string path, const char* whole = "spec");

  // Each leaves `value` as it is where the key is absent.
  void integer(const char* key, std::int64_t& value, std::int64_t low, std::int64_t high);
  void seed(const char* key, std::uint64_t& value);
  void real(const char* key, double& value, double low, double high); // both ends included; NaN is refused
  void boolean(const char* key, bool& value);
  void text(const char* key, std::string& value);
  // One of `choices`; its index, the first if absent.
  template <std::size_t N> std::size_t choice(const char* key, const std::array<const char*, N>& choices) {
    return choiceOf(key, choices);
  }
  std::size_t choiceOf(const char* key, std::span<const char* const> choices);

  const Json* find(const char* key); // null if absent; the key is then known
  void fail(std::string what);
  void take(JsonReader& inner); // the problem of an object inside becomes ours
  // The object below `key`, if there is one: read(inner).
  template <class Read> void section(const char* key, const Read& read) {
    const Json* object = find(key);
    if (!object) return;
    JsonReader inner(*object, name(key));
    read(inner);
    take(inner);
  }
  std::optional<std::string> finish(); // the first problem, or the first key that nobody asked for

  std::string name(const std::string& key) const; // with the path before it
  static std::string shown(const Json& value);    // as a sentence shows what was found
  static std::string shown(double value);

private:
  const Json& m_object;
  std::string m_path;
  std::set<std::string> m_known;
  std::optional<std::string> m_error;
};

} // namespace orrery
