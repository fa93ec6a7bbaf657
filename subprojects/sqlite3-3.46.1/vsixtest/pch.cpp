//
// pch.cpp
// Include the standard header and generate the precompiled header.
//

#include "pch.h"
