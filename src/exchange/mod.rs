//! Other people's formats.

