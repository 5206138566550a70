//! What lies over a page: forms, the palette, captions.

pub(super) mod caption;
pub(super) mod form;
pub(super) mod palette;
