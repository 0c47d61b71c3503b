// SPDX-License-Identifier: MIT
#include "core/base/json.h"

#include <set>

#include "core/base/file.h"

namespace orrery {
namespace {

// Walks the text once before the tree is built: nlohmann's own parser keeps the last of two equal keys and
// builds trees of any depth (whose destructor then recurses).
class Checker : public nlohmann::json_sax<Json> {
public:
  std::string problem;

  bool null() override { return true; }
  bool boolean(bool) override { return true; }
  bool number_integer(number_integer_t) override { return true; }
  bool number_unsigned(number_unsigned_t) override { return true; }
  bool number_float(number_float_t, const string_t&) override { return true; }
  bool string(string_t&) override { return true; }
  bool binary(binary_t&) override { return true; }
  bool start_object(std::size_t) override { return open(); }
  bool end_object() override { return close(); }
  bool start_array(std::size_t) override { return open(); }
  bool end_array() override { return close(); }
  bool key(string_t& key) override {
    if (m_keys.back().insert(key).second) return true;
    problem = "key \"" + key.substr(0, 200) + "\" stands twice in one object";
    return false;
  }
  bool parse_error(std::size_t position, const std::string&, const nlohmann::detail::exception&) override {
    problem = "not valid JSON at byte " + std::to_string(position);
    return false;
  }

private:
  bool open() {
    m_keys.emplace_back();
    if (m_keys.size() <= static_cast<std::size_t>(kMaxJsonDepth)) return true;
    problem = "JSON nested deeper than " + std::to_string(kMaxJsonDepth) + " levels";
    return false;
  }
  bool close() {
    m_keys.pop_back();
    return true;
  }
  std::vector<std::set<std::string>> m_keys;
};

} // namespace

Result<Json> parseJson(std::string_view text, const std::string& where) {
  // nlohmann takes a zero byte for the end of the text and would ignore whatever follows it.
  if (const auto zero = text.find('\0'); zero != std::string_view::npos)
    return badInput("not valid JSON at byte " + std::to_string(zero + 1), where);
  Checker checker;
  if (!Json::sax_parse(text.begin(), text.end(), &checker)) return badInput(checker.problem, where);
  Json json = Json::parse(text.begin(), text.end(), nullptr, false);
  if (json.is_discarded()) return badInput("not valid JSON", where);
  return json;
}

Result<Json> readJsonFile(const std::string& path) {
  auto text = readFile(path, kMaxJsonBytes);
  if (!text) return text.error();
  return parseJson(*text, path);
}

} // namespace orrery
