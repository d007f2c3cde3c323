//! What files tell of in several rows, by its identifier.

use std::borrow::Borrow;
use std::collections::HashMap;
use std::hash::Hash;

/// Items by their identifiers, in the order in which files first name them.
pub(crate) struct ById<T, Id = String> {
    items: Vec<T>,
    places: HashMap<Id, usize>,
}

impl<T, Id: Hash + Eq> ById<T, Id> {
    /// Without items.
    pub(crate) fn new() -> ById<T, Id> {
        ById { items: Vec::new(), places: HashMap::new() }
    }

    /// The item of an identifier, which is made where it is not there yet.
    pub(crate) fn entry<Key>(&mut self, id: &Key, new: impl FnOnce() -> T) -> &mut T
    where
        Id: Borrow<Key>,
        Key: ToOwned<Owned = Id> + Hash + Eq + ?Sized,
    {
        let at = self.place(id).unwrap_or_else(|| {
            self.places.insert(id.to_owned(), self.items.len());
            self.items.push(new());
            self.items.len() - 1
        });
        &mut self.items[at]
    }

    /// Where the item of an identifier is among the items.
    pub(crate) fn place<Key>(&self, id: &Key) -> Option<usize>
    where
        Id: Borrow<Key>,
        Key: Hash + Eq + ?Sized,
    {
        self.places.get(id).copied()
    }

    /// The item of an identifier.
    pub(crate) fn get_mut<Key>(&mut self, id: &Key) -> Option<&mut T>
    where
        Id: Borrow<Key>,
        Key: Hash + Eq + ?Sized,
    {
        self.place(id).map(|at| &mut self.items[at])
    }

    /// The items in their order.
    pub(crate) fn items(&self) -> &[T] {
        &self.items
    }

    /// As [`ById::items`], to change them.
    pub(crate) fn items_mut(&mut self) -> &mut [T] {
        &mut self.items
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
