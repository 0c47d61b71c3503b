// SPDX-License-Identifier: MIT
// "changes": how far every weight of another checkpoint is from this one, as a table; what does not match is counted.
#include "views/number_table.h"
#include "views/weight_numbers.h"

namespace orrery::views {
namespace {

std::vector<TableColumn> columns() {
  return {{"relative", "relative change"},
          {"cosine", "cosine"},
          {"largest", "largest"},
          {"norm", "norm here"},
          {"norm_other", "norm there"}};
}

ViewInfo makeInfo() {
  ViewInfo info{"changes", "Changes between two checkpoints", "checkpoints", tableParameters(columns())};
  info.parameters.insert(info.parameters.begin(), stepParameter());
  return info;
}

class ChangesView final : public BuiltInView {
public:
  explicit ChangesView(const Shared& shared) : BuiltInView(makeInfo(), shared) {}
  Result<Built> build(const Request& request, std::stop_token stop) const override;
};

TableRow rowOf(const Request& request, const weights::WeightsPtr& other, const weights::Weight& from,
               const weights::Weight& to, const Shared& shared, Missing& missing) {
  TileKey key = weightKey(*request.weights, indexOf(*request.weights, from), kChangeOf);
  key.head = static_cast<std::int64_t>(other->id());
  const auto change =
      missing.get<weights::Change>(shared.weights, &WeightCaches::changes, key,
                                   [a = request.weights, other, &from, &to](const std::stop_token& stop) {
                                     return weights::changeOf(a, from, other, to, stop);
                                   });
  TableRow row{&from, {}};
  if (change && !change->ok()) row.note = change->error().what;
  if (change && change->ok()) {
    const weights::Change& c = **change;
    row.values = {c.relative, c.cosine, c.largest, c.normA, c.normB};
  }
  return row;
}

std::string unmatchedSentence(const weights::Matched& matched) {
  const std::size_t count = matched.onlyA.size() + matched.onlyB.size() + matched.shapes.size();
  if (count == 0) return {};
  return " · " + std::to_string(count) + " not compared (" + std::to_string(matched.onlyA.size()) + " only here, " +
         std::to_string(matched.onlyB.size()) + " only there, " + std::to_string(matched.shapes.size()) +
         " of another shape)";
}

Result<Built> ChangesView::build(const Request& request, std::stop_token stop) const {
  auto other = chosenOther(request);
  if (!other) return other.error();
  const weights::Matched matched = weights::match(*request.weights, **other);
  Missing missing(request, m_shared.tiles, stop);
  NumberTable table{"changes", {}, columns(), {}};
  const std::string glob = textOf(request.parameters, "names");
  for (const auto& [from, to] : matched.pairs) {
    if (stop.stop_requested()) return cancelled();
    if (matchesName(glob, *from)) table.rows.push_back(rowOf(request, *other, *from, *to, m_shared, missing));
  }
  for (const std::string& name : matched.onlyA)
    if (const weights::Weight* weight = request.weights->find(name); matchesName(glob, *weight))
      table.rows.push_back({weight, {}, "only in this checkpoint"});
  if (table.rows.empty())
    return notFound("the two checkpoints have no tensor in common whose name matches \"" + glob + "\"");
  table.heading = checkpointName(*request.weights) + " against " + checkpointName(**other) + unmatchedSentence(matched);
  if (missing.count() > 0)
    table.heading +=
        " · " + std::to_string(table.rows.size() - missing.count()) + " of " + std::to_string(table.rows.size());
  const std::string heading = table.heading;
  Built built = buildTable(request, std::move(table));
  built.incomplete = missing.ask();
  built.caption = heading + ". Relative change: |B - A| / |A| in Frobenius norms.";
  return built;
}

} // namespace

std::unique_ptr<View> makeChangesView(const Shared& shared) { return std::make_unique<ChangesView>(shared); }

} // namespace orrery::views
