// SPDX-License-Identifier: MIT
#include "views/api/map_input.h"

namespace orrery::views {

MapInputPtr mapInputOf(std::string name, sweep::Map map) {
  auto input = std::make_shared<MapInput>();
  if (auto json = parseJson(map.spec, name); json.ok())
    if (auto spec = sweep::parseSweepSpec(*json, name); spec.ok()) input->spec = std::move(*spec);
  input->name = std::move(name);
  auto snapshot = std::make_shared<sweep::MapSnapshot>();
  snapshot->progress.state = sweep::SweepState::Done;
  snapshot->progress.pixels = static_cast<std::int64_t>(map.size());
  snapshot->progress.audits = map.audits;
  snapshot->progress.failedAudits = map.failedAudits;
  snapshot->progress.auditErrors = wilsonInterval(map.failedAudits, map.audits);
  const sweep::MapCounts counts = sweep::countStates(map.pixels.state);
  snapshot->progress.guessed = counts.guessed;
  snapshot->progress.runs = snapshot->progress.runsAsked = counts.computed;
  snapshot->map = std::make_shared<const sweep::Map>(std::move(map));
  input->snapshot = std::move(snapshot);
  return input;
}

} // namespace orrery::views
