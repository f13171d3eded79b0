# A build step, cmake -DIN=.. -DOUT=.. -P: lets generated pass declarations count with lib/Support/Statistic.h.
file(READ ${IN} text)
string(REPLACE "::mlir::Pass::Statistic " "::reckon::Statistic " text "${text}")
file(WRITE ${OUT} "${text}")
