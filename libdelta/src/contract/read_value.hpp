// Reading the values of rules. Each function is of the type RuleKind::read.
#pragma once

#include "contract/rule.hpp"

namespace delta::contract::read {

Status flag(Asked& asked, const Json& value, const PatternCompiler& patterns);
Status count(Asked& asked, const Json& value, const PatternCompiler& patterns);  ///< into `count` and `limit`
Status limit(Asked& asked, const Json& value, const PatternCompiler& patterns);  ///< a count, or "2%"
Status share(Asked& asked, const Json& value, const PatternCompiler& patterns);  ///< "2%" alone
Status element(Asked& asked, const Json& value, const PatternCompiler& patterns);
Status range(Asked& asked, const Json& value, const PatternCompiler& patterns);
Status norm(Asked& asked, const Json& value, const PatternCompiler& patterns);
Status names(Asked& asked, const Json& value, const PatternCompiler& patterns);
Status operations(Asked& asked, const Json& value, const PatternCompiler& patterns);
Status pattern(Asked& asked, const Json& value, const PatternCompiler& patterns);
Status schema(Asked& asked, const Json& value, const PatternCompiler& patterns);
Status drift(Asked& asked, const Json& value, const PatternCompiler& patterns);
Status outliers(Asked& asked, const Json& value, const PatternCompiler& patterns);
Status neighbours(Asked& asked, const Json& value, const PatternCompiler& patterns);
Status canaries(Asked& asked, const Json& value, const PatternCompiler& patterns);
Status duration(Asked& asked, const Json& value, const PatternCompiler& patterns);
Status rate(Asked& asked, const Json& value, const PatternCompiler& patterns);

}  // namespace delta::contract::read
