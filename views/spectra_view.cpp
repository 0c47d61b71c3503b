// SPDX-License-Identifier: MIT
// "spectra": a table of all matrices of a checkpoint with what their singular values say, sorted by any column.
#include "views/number_table.h"
#include "views/weight_numbers.h"

namespace orrery::views {
namespace {

std::vector<TableColumn> columns() {
  std::vector<TableColumn> all;
  for (const SpectrumNumber& number : spectrumNumbers())
    all.push_back(
        {std::string(number.name), std::string(number.title), number.name == "outside" || number.name == "rank"});
  return all;
}

class SpectraView final : public BuiltInView {
public:
  explicit SpectraView(const Shared& shared)
      : BuiltInView({"spectra", "Spectra of all matrices", "weights", tableParameters(columns())}, shared) {}
  Result<Built> build(const Request& request, std::stop_token stop) const override;
};

TableRow rowOf(const MatrixSpectrum& m) {
  TableRow row{m.weight, {}};
  if (m.spectrum && !m.spectrum->ok()) row.note = m.spectrum->error().what;
  if (m.spectrum && m.spectrum->ok())
    for (const SpectrumNumber& number : spectrumNumbers()) row.values.push_back(number.of(**m.spectrum));
  return row;
}

Result<Built> SpectraView::build(const Request& request, std::stop_token stop) const {
  if (!request.weights) return notFound("no checkpoint is open whose weights could be shown");
  const std::string glob = textOf(request.parameters, "names");
  const auto matrices = matricesOf(*request.weights, glob);
  if (matrices.empty()) return notFound("the checkpoint has no matrix whose name matches \"" + glob + "\"");
  Missing missing(request, m_shared.tiles, stop);
  const auto spectra = spectraOf(request, matrices, m_shared, missing, stop);
  if (stop.stop_requested()) return cancelled();
  const std::string all = std::to_string(spectra.size()) + (spectra.size() == 1 ? " matrix" : " matrices");
  const std::string progress = known(spectra) < spectra.size() ? std::to_string(known(spectra)) + " of " + all : all;
  const std::string title = "Spectra of " + checkpointName(*request.weights) + " · " + progress;
  NumberTable table{"spectra", title, columns(), {}};
  for (const MatrixSpectrum& m : spectra) table.rows.push_back(rowOf(m));
  Built built = buildTable(request, std::move(table));
  built.incomplete = missing.ask();
  built.caption = title + ", sorted by " + textOf(request.parameters, "sort") + ".";
  return built;
}

} // namespace

std::unique_ptr<View> makeSpectraView(const Shared& shared) { return std::make_unique<SpectraView>(shared); }

} // namespace orrery::views
