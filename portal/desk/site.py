from django.contrib.admin import AdminSite
from two_factor.admin import AdminSiteOTPRequiredMixin


class DeskSite(AdminSiteOTPRequiredMixin, AdminSite):
    """The admin: no page of it opens without both factors."""

    site_header = "Staff desk"
    site_title = "Staff desk"
    index_title = "Customer service"
