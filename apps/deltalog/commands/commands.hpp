// What each command says of itself: its flags and its code stand in the file of its name.
#pragma once

#include "command.hpp"

namespace deltalog {

Command blame_command();
Command compact_command();
Command completion_command();
Command contract_command();
Command diff_command();
Command dump_command();
Command encode_command();
Command help_command();
Command info_command();
Command log_command();
Command merge_command();
Command reindex_command();
Command rollback_command();
Command search_command();
Command show_command();
Command snapshot_command();
Command tag_command();
Command verify_command();

}  // namespace deltalog
