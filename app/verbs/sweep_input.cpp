// SPDX-License-Identifier: MIT
#include "app/verbs/sweep_input.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <thread>
#include <unistd.h>

#include "core/base/share_interval.h"
#include "core/base/text.h"
#include "core/sweep/presets.h"

namespace orrery::app {
namespace {

std::atomic<bool> g_interrupted{false};
void onInterrupt(int) { g_interrupted = true; }

// The keys of "axes.x.count"; parameters keep their dots behind "fixed."
std::vector<std::string> keysOf(const std::string& path) {
  std::vector<std::string> keys;
  std::size_t begin = 0;
  while (keys.empty() || keys.front() != "fixed") {
    const std::size_t dot = path.find('.', begin);
    if (dot == std::string::npos) break;
    keys.push_back(path.substr(begin, dot - begin));
    begin = dot + 1;
  }
  keys.push_back(path.substr(begin));
  return keys;
}

Status applySetting(Json& spec, const std::string& setting) {
  const auto equals = setting.find('=');
  if (equals == std::string::npos || equals == 0)
    return badInput("--set: expected key=value, found " + inQuotes(setting));
  const std::string text = setting.substr(equals + 1);
  const auto parsed = parseJson(text, "--set");
  Json* at = &spec;
  for (const std::string& key : keysOf(setting.substr(0, equals))) {
    if (at->is_null()) *at = Json::object();
    if (!at->is_object()) return badInput("--set " + inQuotes(setting) + ": no object to set a key of");
    at = &(*at)[key];
  }
  *at = parsed ? *parsed : Json(text);
  return Done{};
}

Result<Json> specJson(const SpecInput& input) {
  if (std::filesystem::exists(input.name)) {
    if (input.quick) return badInput("--quick is for presets; --set changes the sizes of a spec", input.name);
    return readJsonFile(input.name);
  }
  auto preset = sweep::presetSpec(input.name, input.quick);
  return preset ? Result<Json>(sweep::sweepSpecJson(*preset)) : Result<Json>(preset.error());
}

void findBeside(std::string& file, const std::string& spec) {
  const std::filesystem::path beside = std::filesystem::path(spec).parent_path() / file;
  if (!file.empty() && !std::filesystem::exists(file) && std::filesystem::exists(beside)) file = beside.string();
}

std::string timeText(double seconds) {
  char text[32];
  if (seconds < 100)
    std::snprintf(text, sizeof(text), "%.0f s", seconds);
  else if (seconds < 6000)
    std::snprintf(text, sizeof(text), "%.0f min", seconds / 60);
  else
    std::snprintf(text, sizeof(text), "%.1f h", seconds / 3600);
  return text;
}

void showProgress(const sweep::SweepProgress& progress) {
  const auto n = [](std::int64_t value) { return static_cast<long long>(value); };
  const std::int64_t runs = progress.runs + progress.extraRuns, asked = progress.runsAsked + progress.extraAsked;
  std::fprintf(stderr, "\r\033[Ksweep: %lld of %lld runs asked for (%lld pixels), %.1f runs/s, %s left", n(runs),
               n(asked), n(progress.pixels), progress.runsPerSecond, timeText(progress.secondsLeft).c_str());
}

} // namespace

Result<sweep::SweepSpec> sweepSpec(const SpecInput& input) {
  auto json = specJson(input);
  if (!json) return json.error();
  for (const std::string& setting : input.set)
    if (Status status = applySetting(*json, setting); !status) return status.error();
  auto spec = sweep::parseSweepSpec(*json, input.name);
  if (!spec) return spec;
  findBeside(spec->init.file, input.name);
  findBeside(spec->data.file, input.name);
  return spec;
}

Status waitForSweep(sweep::Sweep& sweep, bool quiet) {
  using namespace std::chrono_literals;
  std::signal(SIGINT, onInterrupt);
  std::signal(SIGTERM, onInterrupt); // what job queues send before they kill
  const bool terminal = !quiet && ::isatty(STDERR_FILENO);
  for (int tick = 0;; ++tick) {
    const sweep::SweepProgress progress = sweep.progress();
    if (progress.state == sweep::SweepState::Done || progress.state == sweep::SweepState::Cancelled ||
        progress.state == sweep::SweepState::Failed)
      break;
    if (g_interrupted) sweep.cancel();
    if (terminal && tick % 10 == 0) showProgress(progress);
    std::this_thread::sleep_for(20ms);
  }
  if (terminal) std::fprintf(stderr, "\r\033[K");
  return sweep.wait();
}

OrderedJson mapCounts(const sweep::Map& map) {
  const sweep::MapCounts counts = sweep::countStates(map.pixels.state);
  const ShareInterval errors = wilsonInterval(map.failedAudits, map.audits);
  OrderedJson json = {{"runs", counts.computed},
                      {"guessed", counts.guessed},
                      {"audited", map.audits},
                      {"audit_errors", map.failedAudits},
                      {"audit_error_interval", {errors.low, errors.high}},
                      {"pixels", map.size()},
                      {"missing", counts.none},
                      {"complete", map.complete}};
  if (map.rounding) {
    const auto twice = sweep::countStates(map.rounding->second.state).computed;
    const auto differing = std::count(map.rounding->differs.begin(), map.rounding->differs.end(), 1);
    json["rounding"] = {{"runs", twice},
                        {"differ", differing},
                        {"share", twice > 0 ? static_cast<double>(differing) / static_cast<double>(twice) : 0.0}};
  }
  json["nulls"] = OrderedJson::array();
  for (const auto& [name, null] : map.nulls) json["nulls"].push_back(name);
  return json;
}

} // namespace orrery::app
