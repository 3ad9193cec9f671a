"""Addresses of the archive of customers."""

from django.urls import path

from zhike.web.customers import cards, deeds, forms, listing, merging, page, transfer

app_name = "customers"
urlpatterns = [
    path("", listing.show, name="show"),
    path("/new", forms.new, name="new"),
    path("/hints", forms.hints, name="hints"),
    path("/export", transfer.export, name="export"),
    path("/imports", transfer.imports, name="imports"),
    path("/imports/<int:number>", transfer.one_import, name="import"),
    path("/imports/<int:number>/faults", transfer.faults, name="faults"),
    path("/<int:number>", page.show, name="page"),
    path("/<int:number>/edit", forms.edit, name="edit"),
    path("/<int:number>/card/<slug:handbook>", cards.edit, name="card"),
    path("/<int:number>/contact", deeds.contact, name="contact"),
    path("/<int:number>/identifier", deeds.identifier, name="identifier"),
    path("/<int:number>/relation", deeds.relation, name="relation"),
    path("/<int:number>/consent", deeds.consent, name="consent"),
    path("/<int:number>/unmask", deeds.show_in_full, name="unmask"),
    path("/<int:number>/merge", merging.merge, name="merge"),
    path("/<int:number>/undo", merging.undo, name="undo"),
]
