// The text of our tables as it stands in a file. One wrong letter in it hides a whole table; but what it was is known, for every
// version that there was.
#pragma once

#include "store/database.hpp"

namespace holdfast::store {

// Whether a table or index has a text that is ours but for a few letters, or stands under a name that is.
bool schema_text_is_damaged(Database& db);
// Puts the right ones in their place. They are as long as what they replace: no page is ever allocated for it, in a file whose list
// of free pages cannot be believed. True when all went well.
bool repair_schema_text(Database& db);

}  // namespace holdfast::store
