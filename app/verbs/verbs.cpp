// SPDX-License-Identifier: MIT
#include "app/verbs/verbs.h"

#include <array>
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <iostream>
#include <thread>
#include <unistd.h>

namespace orrery::app {
namespace {

std::atomic<bool> g_interrupted{false};
void onInterrupt(int) { g_interrupted = true; }

struct Entry {
  const char* name;
  void (*declare)(CommandLine&);
};
constexpr std::array kVerbs = {
    Entry{"info", declareInfo},           Entry{"hooks", declareHooks},         Entry{"tokenize", declareTokenize},
    Entry{"trace", declareTrace},         Entry{"attention", declareAttention}, Entry{"render", declareRender},
    Entry{"views", declareViews},         Entry{"train", declareTrain},         Entry{"bench", declareBench},
    Entry{"demo", declareDemo},           Entry{"verify", declareVerify},       Entry{"evict", declareEvict},
    Entry{"weights", declareWeights},     Entry{"sweep", declareSweep},         Entry{"merge", declareMerge},
    Entry{"dimension", declareDimension},
};

} // namespace

CLI::App* CommandLine::verb(const std::string& name, const std::string& help, std::function<Status()> run) {
  CLI::App* verb = app.add_subcommand(name, help);
  verb->add_flag("--json", common.json, "Print one JSON object");
  verb->add_flag("-v,--verbose", common.verbose, "More messages on stderr");
  verb->add_option("--threads", common.threads, "Threads to use (0: all cores)")->check(CLI::Range(0, 1024));
  verb->callback([this, run = std::move(run)] { action = run; });
  return verb;
}

void declareVerbs(CommandLine& line) {
  for (const Entry& entry : kVerbs) entry.declare(line);
}

bool isVerb(const std::string& word) {
  for (const Entry& entry : kVerbs)
    if (word == entry.name) return true;
  return false;
}

void printJson(const OrderedJson& value) {
  std::cout << value.dump(-1, ' ', false, OrderedJson::error_handler_t::replace) << '\n';
}

std::string shortBytes(double bytes) {
  constexpr std::array kUnits = {"B", "kB", "MB", "GB", "TB"};
  std::size_t unit = 0;
  while (bytes >= 1000 && unit + 1 < kUnits.size()) bytes /= 1000, ++unit;
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), unit ? "%.1f %s" : "%.0f %s", bytes, kUnits[unit]);
  return text.data();
}

Status waitWithProgress(const session::Job& job, bool quiet) {
  using namespace std::chrono_literals;
  session::Job handle = job;
  std::signal(SIGINT, onInterrupt);
  const bool terminal = !quiet && ::isatty(STDERR_FILENO);
  while (true) {
    const session::JobInfo info = handle.info();
    if (g_interrupted) handle.cancel();
    const bool over = info.state != session::JobState::Queued && info.state != session::JobState::Running;
    if (terminal && !over && !info.detail.empty())
      std::fprintf(stderr, "\r\033[K%s: %s", info.title.c_str(), info.detail.c_str());
    if (over) break;
    std::this_thread::sleep_for(20ms);
  }
  if (terminal) std::fprintf(stderr, "\r\033[K");
  return handle.wait();
}

} // namespace orrery::app
