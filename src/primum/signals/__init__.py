"""More than chance? One method a file, pure functions of arrays."""

from primum.signals.bcpnn import bcpnn as bcpnn
from primum.signals.chi2 import chi2 as chi2
from primum.signals.ebgm import ebgm as ebgm
from primum.signals.fdr import fdr as fdr
from primum.signals.ic import ic as ic
from primum.signals.lrt import lrt as lrt
from primum.signals.mantel_haenszel import mantel_haenszel as mantel_haenszel
from primum.signals.midp import midp as midp
from primum.signals.midp import midp_poisson as midp_poisson
from primum.signals.onset import onset as onset
from primum.signals.prr import prr as prr
from primum.signals.ror import ror as ror
from primum.signals.rrr import rrr as rrr
