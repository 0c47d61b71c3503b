// SPDX-License-Identifier: MIT
#include "views/scene/theme.h"

namespace orrery::scene {
namespace {

Theme makeDark() {
  Theme t;
  t.kind = ThemeKind::Dark;
  t.canvas = fromHex(0x0e1116);
  t.panel = fromHex(0x151a21);
  t.raised = fromHex(0x1d242e);
  t.hairline = fromHex(0x2a3340);
  t.text = fromHex(0xe8ebf0);
  t.secondary = fromHex(0x9aa5b4);
  t.disabled = fromHex(0x5c6675);
  t.accent = fromHex(0xffb454);
  t.info = fromHex(0x6cb6ff);
  t.good = fromHex(0x57c98b);
  t.warn = fromHex(0xe8c55b);
  t.bad = fromHex(0xff7a7a);
  t.sequential = "orrery-dark";
  t.diverging = "diverging-dark";
  return t;
}

Theme makeLight() {
  Theme t;
  t.kind = ThemeKind::Light;
  t.canvas = fromHex(0xffffff);
  t.panel = fromHex(0xf6f7f9);
  t.raised = fromHex(0xeceff3);
  t.hairline = fromHex(0xd9dee5);
  t.text = fromHex(0x14181f);
  t.secondary = fromHex(0x566172);
  t.disabled = fromHex(0xa3adba);
  t.accent = fromHex(0xc96f00);
  t.info = fromHex(0x1f6fd0);
  t.good = fromHex(0x1d8a54);
  t.warn = fromHex(0x9a7400);
  t.bad = fromHex(0xc93636);
  t.sequential = "orrery-light";
  t.diverging = "diverging-light";
  return t;
}

// White ground and dark ink throughout: secondary text must survive a photocopier.
Theme makePrint() {
  Theme t = makeLight();
  t.kind = ThemeKind::Print;
  t.panel = t.raised = t.canvas;
  t.text = t.secondary = fromHex(0x000000);
  t.hairline = fromHex(0x808080);
  t.textSize = 7.5;
  t.denseSize = 7;
  t.headingSize = 8;
  t.lineWidth = 0.6;
  return t;
}

} // namespace

const Theme& theme(ThemeKind kind) {
  static const Theme kDark = makeDark(), kLight = makeLight(), kPrint = makePrint();
  if (kind == ThemeKind::Dark) return kDark;
  return kind == ThemeKind::Light ? kLight : kPrint;
}

} // namespace orrery::scene
