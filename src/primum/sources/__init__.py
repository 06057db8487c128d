"""Where reports come from: one file a reporting system, its layouts as data, its oddities as tested repairs."""
