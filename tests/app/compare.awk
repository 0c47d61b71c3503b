# SPDX-License-Identifier: MIT
# Holds a CSV table whose labels begin with the token's position ("12 'the'") against the plain matrix in `engine`.
# Labels may hold commas inside quotes; numbers never do. Prints the largest difference; exit 1 above the tolerance.
function fields(line, out,    n, i, c, quoted, cell) {
  n = 0; cell = ""; quoted = 0
  for (i = 1; i <= length(line); ++i) {
    c = substr(line, i, 1)
    if (c == "\"") quoted = !quoted
    else if (c == "," && !quoted) { out[++n] = cell; cell = "" }
    else cell = cell c
  }
  out[++n] = cell
  return n
}
function fail(why) { print "compare: " why > "/dev/stderr"; broken = 1; exit 1 }
BEGIN {
  tolerance = 1e-6
  rows = 0
  while ((getline line < engine) > 0) {
    n = fields(line, cell)
    for (i = 1; i <= n; ++i) truth[rows "," i - 1] = cell[i]
    ++rows
  }
  if (rows < 2) fail("no numbers in " engine)
}
NR == 1 { columns = fields($0, label); for (i = 2; i <= columns; ++i) column[i] = label[i] + 0; next }
{
  if (fields($0, value) != columns) fail("line " NR " has another number of columns")
  query = value[1] + 0
  for (i = 2; i <= columns; ++i) {
    if (column[i] > query) continue # masked
    expected = truth[query "," column[i]]
    if (expected == "") fail("the engine has no cell " query ", " column[i])
    difference = value[i] - expected
    if (difference < 0) difference = -difference
    if (difference > largest) largest = difference
    ++cells
  }
}
END {
  if (broken) exit 1
  printf "compare: %d cells, largest difference %g, tolerance %g\n", cells, largest, tolerance
  exit !(cells > 0 && largest <= tolerance)
}
