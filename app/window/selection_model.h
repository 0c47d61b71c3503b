// SPDX-License-Identifier: MIT
// The one selection of the window. Views ask for a change, everybody hears of it; nobody knows whom else it reaches.
// GUI thread.
#pragma once
#include <QObject>

#include "core/hooks/hook_spec.h"
#include "views/api/selection.h"

namespace orrery::app {

class SelectionModel : public QObject {
  Q_OBJECT
public:
  using QObject::QObject;
  const views::Selection& selection() const { return m_selection; }

  // Cut to what exists (layers, heads, tokens); `changed` comes only if something is different then.
  void set(const views::Selection& selection);
  void setLimits(const hooks::Dims& dims, std::int64_t tokens); // tokens: length of the run

  // The selection after a key: cut at the ends.
  views::Selection layerMoved(std::int64_t by) const;
  views::Selection headMoved(std::int64_t by) const;
  views::Selection tokenMoved(std::int64_t by) const; // starts at the last token if none is selected
  std::int64_t shownTokens() const;                   // tokens that are shown now: all, or the scrubbed number
  std::int64_t tokens() const { return m_tokens; }

Q_SIGNALS:
  void changed(const orrery::views::Selection& now, const orrery::views::Selection& before);

private:
  views::Selection clipped(views::Selection selection) const;

  views::Selection m_selection;
  hooks::Dims m_dims;
  std::int64_t m_tokens = 0;
};

} // namespace orrery::app
