// SPDX-License-Identifier: Apache-2.0
#include "tests/sim_world/fixture.h"
