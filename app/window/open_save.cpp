// SPDX-License-Identifier: MIT
// What MainWindow opens and saves: checkpoints and traces go to the session, workspaces and recipes are read on the
// pool.
#include <QCoreApplication>
#include <QFileInfo>
#include <QPointer>
#include <algorithm>

#include "app/window/main_window.h"
#include "app/window/settings.h"
#include "core/session/recipe.h"
#include "core/sweep/map_file.h"
#include "views/export/recipe.h"

namespace orrery::app {
namespace {

// What a path is; found out on the pool.
struct Opened {
  std::optional<Workspace> workspace;
  std::optional<exports::Recipe> recipe;
  bool isMap = false;
  std::optional<Error> error; // else: for the session to open
};

Opened look(const std::string& path) {
  Opened opened;
  const bool json = path.ends_with(".json") && !path.ends_with(".index.json");
  if (!json) {
    opened.isMap = path.ends_with(".h5") && sweep::isMapFile(path);
    return opened;
  }
  const auto text = readJsonFile(path);
  if (!text) {
    opened.error = text.error();
  } else if (isWorkspace(*text)) {
    auto workspace = workspaceFromJson(*text, path);
    if (workspace)
      opened.workspace = *workspace;
    else
      opened.error = workspace.error();
  } else if (text->is_object() && text->value("format", Json()) == "orrery-recipe") {
    auto recipe = exports::recipeFromJson(*text, path);
    if (recipe)
      opened.recipe = *recipe;
    else
      opened.error = recipe.error();
  } else {
    opened.error = badInput("expected a workspace or a recipe, found other JSON", path);
  }
  return opened;
}

// The prompt of a run's recipe ("make" of a figure's recipe): its tokens and sampler.
Prompt promptOf(const Json& make) {
  Prompt prompt;
  if (!make.is_object()) return prompt;
  const Json tokens = make.value("tokens", Json::array());
  for (const Json& id : tokens)
    if (id.is_number_integer()) prompt.tokens.push_back(id.get<std::int32_t>());
  const Json generate = make.value("generate", Json(0));
  if (generate.is_number_integer()) prompt.generate = std::max<std::int64_t>(0, generate.get<std::int64_t>());
  const Json sampler = make.value("sampler", Json::object());
  if (!sampler.is_object()) return prompt;
  const auto number = [&](const char* key, double fallback) {
    const Json value = sampler.value(key, Json(fallback));
    return value.is_number() ? value.get<double>() : fallback;
  };
  prompt.sampler.temperature = number("temperature", 0);
  prompt.sampler.topK = static_cast<int>(number("top_k", 0));
  prompt.sampler.topP = number("top_p", 1);
  prompt.sampler.seed = static_cast<std::uint64_t>(std::max(0.0, number("seed", 0)));
  const Json stop = sampler.value("stop_at_end", Json(false));
  prompt.sampler.stopAtEnd = stop.is_boolean() && stop.get<bool>();
  return prompt;
}

} // namespace

void MainWindow::openPath(const QString& path) {
  const QPointer<MainWindow> guard(this);
  m_desk.views().pool().post([guard, path] {
    const Opened opened = look(path.toStdString());
    QMetaObject::invokeMethod(
        qApp,
        [guard, path, opened] {
          if (!guard) return;
          if (opened.error) return guard->m_desk.fail(*opened.error);
          if (opened.workspace) return guard->apply(*opened.workspace);
          if (opened.recipe) return guard->apply(*opened.recipe);
          if (opened.isMap) return guard->m_desk.map().open(path);
          guard->openModel(path);
        },
        Qt::QueuedConnection);
  });
}

void MainWindow::openModel(const QString& path) {
  m_messages->hide();
  m_desk.run().open(path, false);
}

void MainWindow::openDemo(const QString& bundled) {
  Prompt prompt;
  prompt.text = QStringLiteral("One sunny morning, Nina went to the bridge. There she met Ivy the mouse.");
  prompt.generate = 96;
  prompt.pace = 12;
  prompt.sampler.temperature = 0.8;
  prompt.sampler.topK = 40;
  prompt.sampler.seed = 1;
  m_desk.run().setPrompt(prompt);
  m_desk.run().open(bundled, true);
}

void MainWindow::apply(const exports::Recipe& recipe) {
  m_desk.views().setParameters(recipe.view, recipe.parameters);
  m_desk.views().setActive(recipe.view);
  if (const auto extra = extraViews(); std::ranges::find(extra, recipe.view) != extra.end()) showExtraView(recipe.view);
  m_pending = recipe.selection;
  m_pendingViewports[recipe.view] = recipe.viewports;
  const Prompt prompt = promptOf(recipe.inputMake);
  m_desk.run().setPrompt(prompt);
  const auto processing = session::processingOf(recipe.inputMake);
  if (!processing) return m_desk.fail(processing.error());
  m_desk.run().setProcessing(*processing);
  m_desk.run().open(QString::fromStdString(recipe.inputPath), !prompt.tokens.empty());
}

Workspace MainWindow::workspace() {
  Workspace w;
  w.file = m_desk.run().openPath();
  w.prompt = m_desk.run().prompt();
  w.processing = m_desk.run().processing();
  w.selection = m_desk.selection().selection();
  for (ViewPane* pane : allPanes())
    w.views[pane->viewName()] = {m_desk.views().parameters(pane->viewName()), pane->canvas().viewports()};
  w.mode = m_attention->mode();
  w.theme = themeWord(m_desk.theme());
  w.layout = saveState(kLayoutVersion);
  w.splitters = m_attention->saveSplitters();
  return w;
}

void MainWindow::saveWorkspace(const QString& path) {
  const QPointer<MainWindow> guard(this);
  m_desk.views().pool().post([guard, path, what = workspace()] {
    const Status written = writeWorkspace(what, path.toStdString());
    QMetaObject::invokeMethod(
        qApp,
        [guard, path, written] {
          if (!guard) return;
          if (written)
            guard->m_desk.tell(tr("Saved the workspace as %1.").arg(path));
          else
            guard->m_desk.fail(written.error());
        },
        Qt::QueuedConnection);
  });
}

void MainWindow::apply(const Workspace& w) {
  m_desk.showTheme(themeFromWord(w.theme));
  m_desk.run().setPrompt(w.prompt);
  m_desk.run().setProcessing(w.processing);
  for (const auto& [view, state] : w.views) {
    m_desk.views().setParameters(view, state.parameters);
    m_pendingViewports[view] = state.viewports;
  }
  m_attention->setMode(w.mode);
  if (!w.layout.isEmpty()) restoreState(w.layout, kLayoutVersion);
  m_attention->restoreSplitters(w.splitters);
  m_pending = w.selection;
  if (!w.file.isEmpty()) m_desk.run().open(w.file, true);
}

// Selection and zoom make sense once the run that they belong to is there.
void MainWindow::applyPending() {
  if (!m_pending || m_desk.link().busy()) return;
  const bool weights = !m_pending->tensor.empty() && m_desk.link().state().weights; // they need no run
  if (m_desk.link().length() == 0 && !weights) return;
  m_desk.selection().set(*m_pending);
  m_pending.reset();
  for (ViewPane* pane : allPanes())
    if (const auto found = m_pendingViewports.find(pane->viewName()); found != m_pendingViewports.end())
      pane->canvas().setViewports(found->second);
  m_pendingViewports.clear();
}

} // namespace orrery::app
