//! What files tell of in several rows, by its identifier.

use std::collections::HashMap;

/// Items by their identifiers, in the order in which files first name them.
pub(crate) struct ById<T> {
    items: Vec<T>,
    places: HashMap<String, usize>,
}

impl<T> ById<T> {
    /// Without items.
    pub(crate) fn new() -> ById<T> {
        ById { items: Vec::new(), places: HashMap::new() }
    }

    /// The item of an identifier, which is made where it is not there yet.
    pub(crate) fn entry(&mut self, id: &str, new: impl FnOnce() -> T) -> &mut T {
        let at = self.places.get(id).copied().unwrap_or_else(|| {
            self.places.insert(id.to_owned(), self.items.len());
            self.items.push(new());
            self.items.len() - 1
        });
        &mut self.items[at]
    }

    /// The item of an identifier.
    pub(crate) fn get_mut(&mut self, id: &str) -> Option<&mut T> {
        self.places.get(id).map(|&at| &mut self.items[at])
    }

    /// The items in their order.
    pub(crate) fn into_items(self) -> Vec<T> {
        self.items
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn items_keep_the_order_in_which_they_came() {
        let mut items = ById::new();
        for id in ["b", "a", "b", "c", "a"] {
            *items.entry(id, || 0) += 1;
        }
        assert!(items.get_mut("d").is_none() && items.get_mut("a").is_some_and(|&mut count| count == 2));
        assert_eq!(items.into_items(), [2, 2, 1]);
    }
}
