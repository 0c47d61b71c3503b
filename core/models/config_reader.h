// SPDX-License-Identifier: MIT
// Reads typed values out of a config.json; keeps the first complaint as a sentence "key: expected X, found Y".
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/json.h"
#include "core/base/result.h"
#include "core/models/config.h"

namespace orrery::models {

std::string shortJson(const Json& value); // at most 80 bytes, for a sentence

class ConfigReader {
public:
  ConfigReader(const Json& json, std::string where) : m_json(json), m_where(std::move(where)) {}

  // An integer in [1, max]. Without a fallback the key must be there; an empty key gives the fallback.
  std::int64_t size(std::string_view key, std::optional<std::int64_t> fallback, std::int64_t max);
  double number(std::string_view key, double fallback, double above, double max); // (above, max]
  double required(std::string_view key, double above, double max);
  bool flag(std::string_view key, bool fallback);
  std::string text(std::string_view key, std::string_view fallback);
  const Json* find(std::string_view key) const; // null if absent or null
  bool has(std::string_view key) const;         // there, be it null
  std::vector<double> numbers(std::string_view key, std::int64_t count, double above, double max);

  void fail(const std::string& key, const std::string& expected, const std::string& found);
  void refuse(const std::string& key, const Json& value); // an option that changes the model in an unknown way
  void unsupportedThing(const std::string& what);

  bool ok() const { return !m_error; }
  const Error& error() const { return *m_error; }
  void adopt(const ConfigReader& part) { // the complaint of a reader of a sub-object
    if (ok() && !part.ok()) m_error = part.m_error;
  }
  const std::string& where() const { return m_where; }

private:
  const Json& m_json;
  std::string m_where;
  std::optional<Error> m_error;
};

struct Family;
// The RoPE part of a config (rope_theta, rope_scaling or rope_parameters), and back.
// A sentence is added to `warnings` where options of a scaling are missing and others are taken for them.
RopeConfig readRope(const Json& json, const Family& family, const ModelConfig& config, ConfigReader& reader,
                    std::vector<std::string>& warnings);
void writeRope(const RopeConfig& rope, Json& json);

} // namespace orrery::models
