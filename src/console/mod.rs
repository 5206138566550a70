//! The screen: model, update, view, theme, keys.
