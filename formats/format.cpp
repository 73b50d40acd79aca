#include "formats/format.hpp"
