// SPDX-License-Identifier: MIT
// The export dialog on a run of the bundled model: what it writes is read back, HDF5 by that library's own C interface.
#include <hdf5.h>

#include <QComboBox>
#include <QDir>
#include <QLineEdit>
#include <QPushButton>
#include <QSignalSpy>
#include <QTemporaryDir>
#include <cmath>
#include <cstring>

#include "app/window/export_dialog.h"
#include "core/tensorio/npy.h"
#include "tests/app/bundled_desk.h"

namespace orrery::app {
namespace {

class Export : public BundledDesk {
protected:
  // Fills in the dialog, presses the button and waits for the sentence that says it is done.
  bool write(const QString& data, const QString& figure) {
    auto* dialog = new ExportDialog(
        m_desk, [](const std::string&) { return views::Viewports(); }, nullptr);
    dialog->findChild<QComboBox*>(QStringLiteral("export.data"))->setCurrentText(data);
    dialog->findChild<QLineEdit*>(QStringLiteral("export.path"))->setText(figure);
    QSignalSpy told(&m_desk, &Desk::message);
    dialog->findChild<QPushButton*>(QStringLiteral("export.run"))->click();
    return QTest::qWaitFor([&] { return told.count() > 0; }, kWait) && !told.at(0).at(1).toBool();
  }
  QString file(const char* name) const { return m_folder.filePath(QLatin1String(name)); }

  QTemporaryDir m_folder;
};

std::vector<float> readHdf5(const QString& path, const std::string& name) {
  const hid_t file = H5Fopen(path.toStdString().c_str(), H5F_ACC_RDONLY, H5P_DEFAULT);
  if (file < 0) return {};
  const hid_t set = H5Dopen2(file, name.c_str(), H5P_DEFAULT), space = H5Dget_space(set);
  std::vector<float> values(static_cast<std::size_t>(H5Sget_simple_extent_npoints(space)));
  EXPECT_GE(H5Dread(set, H5T_NATIVE_FLOAT, H5S_ALL, H5S_ALL, H5P_DEFAULT, values.data()), 0);
  H5Sclose(space);
  H5Dclose(set);
  H5Fclose(file);
  return values;
}

TEST_F(Export, Hdf5HoldsTheNumbersOfTheNpy) {
  m_desk.views().setActive("head");
  ASSERT_TRUE(write(QStringLiteral("npy"), file("a.svg")));
  ASSERT_TRUE(write(QStringLiteral("h5"), file("b.svg")));
  const auto npy = tensorio::readNpy(file("a.npy").toStdString());
  ASSERT_TRUE(npy) << npy.error().message();
  const auto length = m_desk.link().length();
  EXPECT_EQ(npy->shape, (Shape{length, length}));
  const std::vector<float> expected = toFloats(*npy), found = readHdf5(file("b.h5"), "attention");
  ASSERT_EQ(found.size(), expected.size());
  double sum = 0;
  for (const float value : found) sum += std::isfinite(value) ? static_cast<double>(value) : 0;
  std::printf("sum of all cells %.6f, expected %lld (each row is a distribution), tolerance 1e-4\n", sum,
              static_cast<long long>(length));
  EXPECT_NEAR(sum, static_cast<double>(length), 1e-4);
  EXPECT_EQ(std::memcmp(found.data(), expected.data(), found.size() * sizeof(float)), 0);
}

TEST_F(Export, WithoutDataThereIsNone) {
  ASSERT_TRUE(write(QStringLiteral("none"), file("c.svg")));
  EXPECT_EQ(QDir(m_folder.path()).entryList(QDir::Files), QStringList({"c.recipe.json", "c.svg"}));
}

} // namespace
} // namespace orrery::app
