// SPDX-License-Identifier: MIT
// Reads the options of one component of tokenizer.json: wrong types and missing keys are reported in a sentence, and
// a key that nobody asked for is refused by name, so that nothing in the file is ignored.
#pragma once
#include <cstdint>
#include <optional>
#include <set>
#include <string>

#include "core/base/json.h"
#include "core/base/result.h"

namespace orrery::tokenize {

class Options {
public:
  // `name`: as it stands in messages, e.g. "normalizer Strip". Both must outlive the reader.
  Options(const Json& object, std::string name);

  bool boolean(const char* key);                // required
  bool boolean(const char* key, bool fallback); // absent or null: fallback
  std::string text(const char* key);            // required
  std::string text(const char* key, std::string fallback);
  char32_t character(const char* key); // a string of one code point
  std::int64_t integer(const char* key, std::int64_t low, std::int64_t high);
  const Json& array(const char* key);                   // required; an empty array after a problem
  const Json& object(const char* key);                  // required; an empty object after a problem
  const Json* find(const char* key);                    // any type; null when absent or null
  void accept(const char* key) { m_known.insert(key); } // present without effect on ids or text
  void refuse(const std::string& what);                 // "<name>: <what>"
  void refuse(Error error);

  // The first problem, or the first key that was not asked for.
  Status finish();
  bool ok() const { return !m_error; }
  const std::string& name() const { return m_name; }

private:
  const Json& m_object;
  std::string m_name;
  std::set<std::string> m_known;
  std::optional<Error> m_error;
};

// The "type" of a component; an error names `what` ("normalizer").
Result<std::string> componentType(const Json& json, const std::string& what);

// A short, printable form of a JSON value or name for messages.
std::string inQuotes(const std::string& text);

} // namespace orrery::tokenize
